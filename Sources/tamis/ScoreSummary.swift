internal import Calibration
internal import DurableFiles
internal import EventRecords
internal import NumberText
internal import RunFiles
internal import ScoreModel
internal import StrictJSON
internal import TriggerPipeline

/// What `tamis score` counts while it scores.
struct ScoreSummary {
  private var events = 0
  private var notScorable = 0
  private var kept = 0
  private var unbiased = 0
  private var fired: [Int]

  init(workingPointCount: Int) {
    fired = [Int](repeating: 0, count: workingPointCount)
  }

  mutating func count(_ event: OfflineEvent) {
    events += 1
    if event.score.isNaN { notScorable += 1 }
    guard let decision = event.decision else { return }
    kept += 1
    if decision.reasons.contains(.unbiased) { unbiased += 1 }
    for point in fired.indices where decision.workingPoints >> UInt16(point) & 1 == 1 {
      fired[point] += 1
    }
  }

  func facts(_ calibration: TriggerCalibration?) -> Facts {
    var facts = Facts()
    facts.add("events", .integer(events))
    facts.add("scored", .integer(events - notScorable))
    facts.add("not_scorable", .integer(notScorable))
    guard let calibration else { return facts }
    facts.add("kept", .integer(kept))
    facts.add("unbiased", .integer(unbiased))
    let points = zip(calibration.workingPoints, fired).map { point, fired in
      (point, fired, rate(fired, confidence: calibration.confidence))
    }
    facts.add(
      "working_points",
      .array(
        points.map { point, fired, rate in
          .object([
            "name": .string(point.name), "target_fpr": .real(point.targetFPR.value),
            "threshold": .real(Double(point.threshold)), "flagged": .integer(fired),
            "rate": rate.value, "interval": rate.interval,
          ])
        }),
      line: points.map { point, fired, rate in
        "\(point.name): \(fired) flagged \(point.side == .high ? "above" : "below") "
          + (calibration.conditionBins == nil
            ? "\(point.threshold)" : "the threshold of their condition") + ", rate \(rate.text), "
          + "target \(point.targetFPR)"
      }.joined(separator: "\n"))
    return facts
  }

  /// The rate of `fired` among the scored events with its exact binomial interval.
  private func rate(
    _ fired: Int, confidence: Double
  ) -> (value: Facts.Value, interval: Facts.Value, text: String) {
    let scored = events - notScorable
    guard scored > 0 else { return (.null, .null, "unknown") }
    let interval = clopperPearson(successes: fired, trials: scored, confidence: confidence)
    let rate = Double(fired) / Double(scored)
    return (
      .real(rate), .array([.real(interval.lowerBound), .real(interval.upperBound)]),
      "\(short(rate)) [\(short(interval.lowerBound)), \(short(interval.upperBound))] at "
        + "\(confidence)"
    )
  }
}

/// Throws where the events are not of the model's features.
func checkFeatures(of events: EventSource, fit loaded: LoadedModel) throws {
  let expected = loaded.model.shape.featureCount
  let file = events.inputs.first?.path ?? "input"
  guard events.featureCount == expected else {
    throw FileFault(
      file: file, found: "\(counted(events.featureCount, "feature")) an event",
      expected: "\(expected), as \(loaded.path) has")
  }
  let (found, wanted) = (events.schema, loaded.model.schema)
  guard found == 0 || wanted == 0 || found == wanted else {
    throw FileFault(
      file: file, place: "schema", found: hexadecimal(found),
      expected: "\(hexadecimal(wanted)), as \(loaded.path) has",
      remedy: "the two have other feature names or another order of them; use matching files")
  }
}

private func hexadecimal(_ schema: UInt32) -> String {
  let digits = String(schema.byteSwapped, radix: 16)
  return String(repeating: "0", count: 8 - digits.count) + digits
}
