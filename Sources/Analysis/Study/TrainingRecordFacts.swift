internal import ScoreModel
internal import StrictJSON

/// The facts of a model file's training record; none where it has no record.
struct TrainingRecordFacts: Sendable {
  /// Every key but the loss, in the record's order, as text.
  let entries: [(name: String, text: String)]
  /// Steps done and mean loss since the point before.
  let loss: [(step: Double, loss: Double)]

  init(_ model: TrainedModel) {
    let record = model.parsedTrainingRecord ?? [:]
    entries = record.members(except: ["loss_history"]).members.map { ($0.name, $0.value.bareText) }
    loss = Self.points(record["loss_history"])
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
