package import Calibration

/// The references that a calibration has, and notes on those that it lacks.
package struct DriftBasis {
  let calibration: TriggerCalibration
  let settings: DriftSettings
  let rates: RateComparison
  let pointNames: [String]
  /// Cells of the calibration's scores; nil where it has none.
  let scores: [Int]?
  /// One a feature; empty where there is nothing to compare with.
  let features: [FeatureReference]
  /// What cannot be checked, or only in a weaker way.
  let notes: [String]

  package init(
    _ calibration: TriggerCalibration, featureNames: [String]?, featureCount: Int,
    settings: DriftSettings
  ) {
    self.calibration = calibration
    self.settings = settings
    rates = RateComparison(calibration, leavingOut: settings.movingPoints)
    pointNames = calibration.workingPoints.map(\.name)
    var notes: [String] = []
    let cells = calibration.reference.scoreHistogram.map(ScoreDistance.cells)
    scores = cells.flatMap { $0.contains { $0 > 0 } ? $0 : nil }
    if scores == nil {
      notes.append("score: the calibration has no score histogram; calibrate again to check it")
    }
    var features: [FeatureReference] = []
    if let summary = calibration.reference.features, summary.features.count == featureCount {
      features = summary.features.enumerated().map { index, feature in
        var named = feature
        named.name = feature.name ?? featureNames?[index]
        return FeatureReference(
          named, index: index, eventCount: summary.eventCount, ignored: settings.ignoredFeatures)
      }
      notes += Self.notes(features, settings)
    } else {
      let found = calibration.reference.features.map { "\($0.features.count) features" }
      notes.append(
        "feature_mean, feature_spread, not_finite by feature: the calibration knows "
          + "\(found ?? "no features"), the model has \(featureCount); calibrate again to check them"
      )
    }
    self.features = features
    for point in calibration.workingPoints where point.extrapolated {
      notes.append(
        "flagged_rate: the threshold of \(point.name) is extrapolated: there is no exact law to "
          + "judge its rate by, so it is shown and raises no alarm")
    }
    for name in settings.movingPoints.sorted() {
      notes.append(
        "flagged_rate: the threshold of \(name) moves with its rate; it is not judged here")
    }
    for name in DriftCheck.Name.allCases where settings.ignoredChecks.contains(name) {
      notes.append("\(name.rawValue): left out by the settings")
    }
    self.notes = notes
  }

  private static func notes(
    _ features: [FeatureReference], _ settings: DriftSettings
  ) -> [String] {
    var notes: [String] = []
    let few = features.filter { !$0.isIgnored && !$0.hasMoments }
    if !few.isEmpty {
      notes.append(
        "feature_mean, feature_spread: fewer than \(FeatureReference.finiteCountMin) finite values "
          + "in the calibration: \(listed(few.map(\.name)))")
    }
    if features.contains(where: { $0.hasMoments && $0.hasBoundedKurtosis }) {
      notes.append(
        "feature_spread: the calibration has no fourth moments, a bound from the extremes stands "
          + "in and a change must be larger to be seen; calibrate again for the full power")
    }
    let ignored = features.filter(\.isIgnored).map(\.name)
    if !ignored.isEmpty { notes.append("features left out by the settings: \(listed(ignored))") }
    let unknown = settings.ignoredFeatures.subtracting(features.map(\.name)).sorted()
    if !unknown.isEmpty {
      notes.append("features to leave out that the calibration does not have: \(listed(unknown))")
    }
    return notes
  }

  private static func listed(_ names: [String]) -> String {
    let shown = names.prefix(8).joined(separator: ", ")
    return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
  }

  /// Whether a check has something to compare with.
  func isActive(_ name: DriftCheck.Name) -> Bool {
    guard !settings.ignoredChecks.contains(name) else { return false }
    return switch name {
    case .score: scores != nil
    case .featureMean: features.contains { $0.hasMoments }
    case .featureSpread: features.contains { $0.hasMoments && $0.standardDeviation > 0 }
    case .notFinite: true
    case .flaggedRate: !rates.points.isEmpty
    case .condition: true
    }
  }
}
