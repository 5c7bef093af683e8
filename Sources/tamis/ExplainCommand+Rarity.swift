internal import Analysis
internal import Calibration
internal import EventRecords
internal import NumberText
internal import StrictJSON

extension ExplainCommand {
  /// Says how rare the score of an explained event is: by the calibration, or as its flagged record has
  /// it.
  func addRarity(
    to facts: inout Facts, _ explanation: EventExplanation,
    carried: (rate: Float, reasons: FlagReasons)?, calibration: TriggerCalibration?
  ) {
    guard let calibration else {
      if let carried {
        addCarried(
          carried.rate, isQuiet: carried.reasons.contains(.belowThreshold), to: &facts)
      }
      return
    }
    let confidence = calibration.confidence
    if let quiet = calibration.quiet, explanation.score < calibration.quietThreshold {
      guard let found = quiet.estimate(of: explanation.score, confidence: confidence) else {
        return
      }
      add(found, of: calibration, isQuiet: true, to: &facts)
      return
    }
    guard let table = calibration.backgroundRates else {
      facts.add(
        "background_rate", .null,
        line: "background rate: not known; the calibration is of a version that did not measure it")
      return
    }
    guard let found = table.estimate(of: explanation.score, confidence: confidence) else { return }
    add(found, of: calibration, isQuiet: false, to: &facts)
  }

  private func add(
    _ found: BackgroundRateEstimate, of calibration: TriggerCalibration, isQuiet: Bool,
    to facts: inout Facts
  ) {
    let confidence = calibration.confidence
    let (extent, reach) = isQuiet ? ("low", "or less") : ("high", "or more")
    var object: JSONObject = [
      "rate": .real(found.rate), "extrapolated": .bool(found.isExtrapolated),
      "confidence": .real(confidence), "interval": .interval(found.interval),
      "limit": .real(found.limit), "calibration_events": .integer(calibration.eventCount),
    ]
    if isQuiet { object["side"] = .string(ScoreSide.low.rawValue) }
    var lines = [
      "background rate: \(short(found.rate)) of background events score as \(extent), "
        + "[\(short(found.interval.lowerBound)), \(short(found.interval.upperBound))] at "
        + "\(confidence)"
    ]
    if found.isExtrapolated {
      lines.append(
        "EXTRAPOLATED by a fitted tail: no one of \(calibration.eventCount) calibration events scored as "
          + "high; without the tail the rate is at most \(short(found.limit))")
      if found.rate * 10 * Double(calibration.eventCount) < 1 {
        lines.append(
          "further than a tenth of what the events reach: read it as an order of magnitude at most")
      }
    }
    if let eventsPerSecond {
      object["events_per_second"] = .real(eventsPerSecond)
      object["false_alarms_per_second"] = .real(found.rate * eventsPerSecond)
      lines.append(
        "false alarms of this score \(reach) at \(significant(eventsPerSecond)) events/s: "
          + falseAlarms(found.rate * eventsPerSecond) + ", between "
          + falseAlarms(found.interval.lowerBound * eventsPerSecond) + " and "
          + falseAlarms(found.interval.upperBound * eventsPerSecond))
    }
    facts.add("background_rate", .object(object), line: lines.joined(separator: "\n"))
  }

  private func addCarried(_ field: Float, isQuiet: Bool, to facts: inout Facts) {
    guard field != 0, !field.isNaN else {
      facts.add(
        "background_rate", .null, line: "background rate: not known; give --calibration")
      return
    }
    let rate = Double(field.magnitude)
    var object: JSONObject = ["rate": .real(rate), "extrapolated": .bool(field < 0)]
    var line =
      "background rate: \(short(rate)) of background events score as \(isQuiet ? "low" : "high"), "
      + "as the record says"
      + (field < 0 ? "; EXTRAPOLATED by a fitted tail" : "")
    if isQuiet { object["side"] = .string(ScoreSide.low.rawValue) }
    if let eventsPerSecond {
      object["events_per_second"] = .real(eventsPerSecond)
      object["false_alarms_per_second"] = .real(rate * eventsPerSecond)
      line +=
        "\nfalse alarms of this score or \(isQuiet ? "less" : "more"): \(falseAlarms(rate * eventsPerSecond))"
    }
    facts.add("background_rate", .object(object), line: line)
  }
}

/// A rate in events a second, in the unit that people count in.
private func falseAlarms(_ perSecond: Double) -> String {
  for (unit, seconds) in [
    ("a second", 1.0), ("a minute", 60), ("an hour", 3600), ("a day", 86_400),
  ] where perSecond * seconds >= 1 {
    return "\(short(perSecond * seconds)) \(unit)"
  }
  return "\(short(perSecond * 365.25 * 86_400)) a year"
}
