internal import Calibration
internal import DurableFiles
internal import EventRecords
internal import NumberText
internal import Offline
internal import RunFiles
internal import ScoreModel
internal import StrictJSON
internal import TriggerPipeline

/// The counts of `tamis score`.
struct ScoreSummary {
  /// Counts by working point.
  private struct Points {
    var scored = 0
    /// Before prescales.
    var fired: [Int]
    /// After them.
    var flagged: [Int]

    mutating func add(fired mask: UInt16, kept: UInt16) {
      scored += 1
      for point in fired.indices where mask >> UInt16(point) & 1 == 1 {
        fired[point] += 1
        if kept >> UInt16(point) & 1 == 1 { flagged[point] += 1 }
      }
    }
  }

  private var events = 0
  private var notScorable = 0
  private var kept = 0
  private var unbiased = 0
  private var simulatedCount = 0
  private var measured: Points
  private var simulated: Points
  private let rule: DecisionRule?

  init(_ rule: DecisionRule?) {
    self.rule = rule
    let zeros = [Int](repeating: 0, count: rule?.routes.count ?? 0)
    measured = Points(fired: zeros, flagged: zeros)
    simulated = measured
  }

  mutating func count(_ event: OfflineEvent) {
    events += 1
    if event.score.isNaN { notScorable += 1 }
    if event.isSimulated { simulatedCount += 1 }
    if let decision = event.decision {
      kept += 1
      if decision.reasons.contains(.unbiased) { unbiased += 1 }
    }
    guard let rule, !event.score.isNaN else { return }
    let fired = rule.firedPoints(score: event.score, condition: event.condition)
    let keptPoints = event.decision?.workingPoints ?? 0
    if event.isSimulated {
      simulated.add(fired: fired, kept: keptPoints)
    } else {
      measured.add(fired: fired, kept: keptPoints)
    }
  }

  func facts(_ calibration: TriggerCalibration?) -> Facts {
    var facts = Facts()
    facts.add("events", .integer(events))
    facts.add("scored", .integer(events - notScorable))
    facts.add("not_scorable", .integer(notScorable))
    guard let calibration else { return facts }
    // Events that are all simulated stand for the stream.
    let isMixed = simulatedCount > 0 && simulatedCount < events
    let counts = simulatedCount == events ? simulated : measured
    facts.add(
      "simulated", .integer(simulatedCount),
      line: isMixed ? "simulated: \(simulatedCount), in no count of a working point" : "")
    facts.add("kept", .integer(kept))
    facts.add("unbiased", .integer(unbiased))
    let points = calibration.workingPoints.enumerated().map { index, point in
      (
        point, counts.fired[index], counts.flagged[index],
        rate(counts.fired[index], of: counts.scored, confidence: calibration.confidence)
      )
    }
    facts.add(
      "working_points",
      .array(
        points.map { point, fired, flagged, rate in
          .object([
            "name": .string(point.name), "target_fpr": .real(point.targetFPR.value),
            "threshold": .real(Double(point.threshold)), "fired": .integer(fired),
            "flagged": .integer(flagged), "rate": rate.value, "interval": rate.interval,
          ])
        }),
      line: points.map { point, fired, flagged, rate in
        "\(point.name): \(flagged) flagged"
          + (flagged == fired ? "" : " of \(fired)")
          + " \(point.side == .high ? "above" : "below") "
          + (calibration.conditionBins == nil
            ? "\(point.threshold)" : "the threshold of their condition") + ", rate \(rate.text), "
          + "target \(point.targetFPR)"
      }.joined(separator: "\n"))
    return facts
  }

  /// The rate of `fired` among `scored` events with its exact binomial interval.
  private func rate(
    _ fired: Int, of scored: Int, confidence: Double
  ) -> (value: Facts.Value, interval: Facts.Value, text: String) {
    guard scored > 0 else { return (.null, .null, "unknown") }
    let interval = clopperPearson(successes: fired, trials: scored, confidence: confidence)
    let rate = Double(fired) / Double(scored)
    return (
      .real(rate), .interval(interval),
      "\(short(rate)) [\(short(interval.lowerBound)), \(short(interval.upperBound))] at "
        + "\(confidence)"
    )
  }
}
