internal import Analysis
internal import Calibration
internal import NumberText
internal import StrictJSON

extension Facts {
  /// Adds the facts of a calibration.
  mutating func add(_ calibration: TriggerCalibration) {
    add("events", .integer(calibration.eventCount))
    add("not_scorable", .integer(calibration.notScorableCount))
    add("levels", .array(calibration.levels.map { .integer($0) }))
    add("confidence", .real(calibration.confidence))
    add(
      "working_points", .array(calibration.workingPoints.map(object)),
      line: calibration.workingPoints.map { line($0, confidence: calibration.confidence) }
        .joined(separator: "\n"))
    if let bins = calibration.conditionBins { add(bins, of: calibration) }
    if let quiet = calibration.quiet {
      add(
        "quiet_mean_score", .real(quiet.meanScore),
        line: "quiet events: explained against mean attributions, which add up to "
          + short(Double(quiet.meanScore)))
    }
    let isQuiet = calibration.quiet != nil
    add(
      "screen", .optional(calibration.screen) { object($0, isQuiet: isQuiet) },
      line: line(calibration.screen, isQuiet: isQuiet))
  }
}

extension Facts {
  /// Adds thresholds by condition: a table with a row a bin.
  private mutating func add(_ bins: ConditionBins, of calibration: TriggerCalibration) {
    let names = calibration.workingPoints.map(\.name)
    let rows = names.indices.map { bins.row(ofPoint: $0) }
    var lines = [["condition", "events"] + names]
    for (bin, count) in bins.eventCounts.enumerated() {
      let from = bin == 0 ? "below \(bins.edges[0])" : "from \(bins.edges[bin - 1])"
      lines.append([from, "\(count)"] + rows.map { $0[bin].description })
    }
    let last = bins.eventCounts.count
    lines.append(
      ["not known", "\(bins.unknownCount)"] + rows.map { $0[last].description })
    let objects: [Value] = (0...last).map { bin in
      .object([
        "from": bin == 0 || bin == last ? .null : .real(bins.edges[bin - 1]),
        "to": bin >= last - 1 ? .null : .real(bins.edges[bin]), "known": .bool(bin < last),
        "events": .integer(bin < last ? bins.eventCounts[bin] : bins.unknownCount),
        "thresholds": .array(rows.map { .real($0[bin]) }),
      ])
    }
    add("condition_bins", .array(objects), line: alignedColumns(lines))
  }
}

private func object(_ screen: ScreenCalibration, isQuiet: Bool) -> Facts.Value {
  .object([
    "margin": .real(screen.margin), "margin_min": .real(screen.marginMin(isQuiet: isQuiet)),
    "events": .integer(screen.eventCount), "shortfall_max": .real(screen.shortfallMax),
    "excess_max": .real(screen.excessMax), "deviation_mean": .real(screen.deviationMean),
    "deviation_standard_deviation": .real(screen.deviationSpread),
  ])
}

private func line(_ screen: ScreenCalibration?, isQuiet: Bool) -> String {
  guard let screen else { return "screen: none, only precision: exact can use this calibration" }
  let excess = isQuiet ? " and exceeded them by at most \(short(screen.excessMax))" : ""
  return "screen: margin \(screen.margin); screen scores fell short by at most "
    + "\(short(screen.shortfallMax)) of themselves\(excess), which supports margins from "
    + "\(short(screen.marginMin(isQuiet: isQuiet)))"
}

private func object(_ point: WorkingPoint) -> Facts.Value {
  var object: JSONObject = [
    "name": .string(point.name), "target_fpr": .real(point.targetFPR.value),
    "threshold": .real(Double(point.threshold)), "rank": .optional(point.rank, JSONValue.integer),
    "fpr_interval": .interval(point.fprInterval),
    "guarantee": .string(point.guarantee.rawValue),
    "extrapolated": .bool(point.extrapolated), "prescale": .integer(Int(point.prescale)),
  ]
  if point.side == .low { object["side"] = .string(point.side.rawValue) }
  return .object(object)
}

private func line(_ point: WorkingPoint, confidence: Double) -> String {
  let interval = point.fprInterval.map {
    "true rate in [\(short($0.lowerBound)), \(short($0.upperBound))] at \(confidence)"
  }
  let origin = point.rank.map { "rank \($0)" } ?? "EXTRAPOLATED from the tail"
  return
    "\(point.name): target \(point.targetFPR), score \(point.side.comparison) \(point.threshold), \(origin), "
    + (interval ?? "no interval")
    + (point.prescale == 1 ? "" : ", one in \(point.prescale) is kept")
}
