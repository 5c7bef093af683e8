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
    add("screen", calibration.screen.map(object) ?? .null, line: line(calibration.screen))
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

private func object(_ screen: ScreenCalibration) -> Facts.Value {
  .object([
    "margin": .real(screen.margin), "margin_min": .real(screen.marginMin),
    "events": .integer(screen.eventCount), "shortfall_max": .real(screen.shortfallMax),
    "excess_max": .real(screen.excessMax), "deviation_mean": .real(screen.deviationMean),
    "deviation_standard_deviation": .real(screen.deviationSpread),
  ])
}

private func line(_ screen: ScreenCalibration?) -> String {
  guard let screen else { return "screen: none, only precision: exact can use this calibration" }
  return "screen: margin \(screen.margin); screen scores fell short by at most "
    + "\(short(screen.shortfallMax)) of themselves, which supports margins from "
    + "\(short(screen.marginMin))"
}

private func object(_ point: WorkingPoint) -> Facts.Value {
  .object([
    "name": .string(point.name), "target_fpr": .real(point.targetFPR.value),
    "threshold": .real(Double(point.threshold)), "rank": .optional(point.rank, JSONValue.integer),
    "fpr_interval": .optional(point.fprInterval, interval),
    "guarantee": .string(point.guarantee.rawValue),
    "extrapolated": .bool(point.extrapolated), "prescale": .integer(Int(point.prescale)),
  ])
}

private func line(_ point: WorkingPoint, confidence: Double) -> String {
  let interval = point.fprInterval.map {
    "true rate in [\(short($0.lowerBound)), \(short($0.upperBound))] at \(confidence)"
  }
  let origin = point.rank.map { "rank \($0)" } ?? "EXTRAPOLATED from the tail"
  return "\(point.name): target \(point.targetFPR), score > \(point.threshold), \(origin), "
    + (interval ?? "no interval")
    + (point.prescale == 1 ? "" : ", one in \(point.prescale) is kept")
}

/// An interval as a JSON array of its ends.
func interval(_ range: ClosedRange<Double>) -> Facts.Value {
  .array([.real(range.lowerBound), .real(range.upperBound)])
}
