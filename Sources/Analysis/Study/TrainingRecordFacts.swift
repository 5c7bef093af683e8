internal import StrictJSON

/// The facts of a model file's training record.
struct TrainingRecordFacts: Sendable {
  /// Every key but the loss, in the record's order, as text.
  let entries: [(name: String, text: String)]
  /// Steps done and mean loss since the point before.
  let loss: [(step: Double, loss: Double)]
  /// The whole record.
  let value: JSONValue

  /// Reads a record; nil for none or for one that is no JSON object.
  init?(_ record: String?) {
    guard let record, let value = try? JSONValue(parsing: record), case .object(let object) = value
    else { return nil }
    self.value = value
    entries = object.members(except: ["loss_history"]).members.map { member in
      let text = if case .string(let text) = member.value { text } else { member.value.compactText }
      return (member.name, text)
    }
    loss = Self.points(object["loss_history"])
  }

  private static func points(_ value: JSONValue?) -> [(step: Double, loss: Double)] {
    guard case .array(let pairs)? = value else { return [] }
    return pairs.compactMap { pair in
      guard case .array(let numbers) = pair, numbers.count == 2,
        case .number(let step) = numbers[0], case .number(let loss) = numbers[1],
        let step = Double(step), let loss = Double(loss), step.isFinite, loss.isFinite
      else { return nil }
      return (step, loss)
    }
  }
}
