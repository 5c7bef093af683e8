internal import Calibration
internal import NumberText
internal import StrictJSON

/// How many of the features that moved most are printed, and from which z on; JSON has all.
private let featuresListedMax = 5
private let featureZMin = 3.0

extension Facts {
  /// Adds what changed since the calibration of the file at `path`.
  mutating func add(_ comparison: CalibrationComparison, path: String) {
    var lines = ["compared with \(path):"]
    lines += comparison.differences.map { "  thresholds do not compare: \($0)" }
    lines += comparison.points.map { "  " + line($0) }
    if let distance = comparison.scoreDistance { lines.append("  " + line(distance)) }
    lines += line(comparison.features).map { "  " + $0 }
    add(
      "comparison",
      .object([
        "old": .string(path),
        "differences": .array(comparison.differences.map(JSONValue.string)),
        "working_points": .array(comparison.points.map(object)),
        "score_distance": .optional(comparison.scoreDistance, object),
        "features": .optional(comparison.features) { .array($0.map(object)) },
      ]),
      line: lines.joined(separator: "\n"))
  }
}

private func line(_ point: CalibrationComparison.Point) -> String {
  guard let old = point.old else { return "\(point.name): new" }
  guard let new = point.new else {
    return "\(point.name): gone, was score \(old.side.comparison) \(old.threshold)"
  }
  var parts = [
    "\(point.name): score \(old.side.comparison) \(old.threshold) became "
      + "\(new.side.comparison) \(new.threshold)"
  ]
  if let ratio = point.thresholdRatio { parts[0] += " (x \(short(ratio)))" }
  if old.targetFPR != new.targetFPR { parts.append("target \(old.targetFPR) -> \(new.targetFPR)") }
  if let fired = point.firedOld, let interval = point.rateInterval {
    parts.append(
      "\(fired) new events fire the old one: a rate in [\(short(interval.lowerBound)), "
        + "\(short(interval.upperBound))]"
        + (point.intervalsOverlap == false ? ", outside the old interval" : ""))
  }
  if let fired = point.firedNew { parts.append("\(fired) fire the new one") }
  if let p = point.pValue {
    parts.append(p < 0.001 ? "the rate changed (p = \(short(p)))" : "p = \(short(p))")
  }
  return parts.joined(separator: "; ")
}

private func line(_ distance: CalibrationComparison.ScoreDistance) -> String {
  "scores: distributions \(short(distance.largest)) apart at most, chance alone gives "
    + "\(short(distance.noise)) once in twenty (p = \(short(distance.pValue)))"
}

private func line(_ features: [FeatureShift]?) -> [String] {
  guard let features else { return ["features: not comparable"] }
  guard let most = features.first, most.zMax >= featureZMin else {
    let z = features.first.map { short($0.zMax) } ?? "none"
    return ["features: none moved by more than chance does (largest z \(z))"]
  }
  return features.prefix(featuresListedMax).filter { $0.zMax >= featureZMin }.map { feature in
    var text = "feature \(feature.name ?? String(feature.index)):"
    if let shift = feature.meanShift, let z = feature.meanZ {
      text += " mean moved by \(short(shift)) standard deviations (z \(short(z)))"
    }
    if let ratio = feature.spreadRatio, let z = feature.spreadZ {
      text += ", spread x \(short(ratio)) (z \(short(z)))"
    }
    if feature.nonFiniteShareOld != feature.nonFiniteShareNew {
      text +=
        ", not finite \(short(feature.nonFiniteShareOld)) -> "
        + short(feature.nonFiniteShareNew)
    }
    return text
  }
}

private func object(_ point: CalibrationComparison.Point) -> Facts.Value {
  .object([
    "name": .string(point.name),
    "threshold_old": .optional(point.old) { .real($0.threshold) },
    "threshold_new": .optional(point.new) { .real($0.threshold) },
    "threshold_ratio": .finite(point.thresholdRatio),
    "target_fpr_old": .optional(point.old) { .real($0.targetFPR.value) },
    "target_fpr_new": .optional(point.new) { .real($0.targetFPR.value) },
    "fired_old": .optional(point.firedOld, JSONValue.integer),
    "fired_new": .optional(point.firedNew, JSONValue.integer),
    "rate_interval": .interval(point.rateInterval),
    "intervals_overlap": .optional(point.intervalsOverlap, JSONValue.bool),
    "p_value": .finite(point.pValue),
  ])
}

private func object(_ distance: CalibrationComparison.ScoreDistance) -> Facts.Value {
  .object([
    "largest": .finite(distance.largest), "noise": .finite(distance.noise),
    "p_value": .finite(distance.pValue),
  ])
}

/// Null stands for infinity, too: a constant that changed moved infinitely far.
private func object(_ feature: FeatureShift) -> Facts.Value {
  .object([
    "index": .integer(feature.index), "name": .optional(feature.name, JSONValue.string),
    "mean_shift": .finite(feature.meanShift),
    "mean_z": .finite(feature.meanZ),
    "spread_ratio": .finite(feature.spreadRatio),
    "spread_z": .finite(feature.spreadZ),
    "non_finite_old": .real(feature.nonFiniteShareOld),
    "non_finite_new": .real(feature.nonFiniteShareNew),
  ])
}
