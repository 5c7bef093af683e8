internal import StrictJSON

/// The reference that drift is measured against: the background of a calibration.
package struct DriftReference: Equatable, Sendable {
  /// The histogram of the scores; nil where the file has none.
  package var scoreHistogram: ScoreHistogram?
  /// The moments of the features; nil where the file has none.
  package var features: FeatureSummary?
  /// The condition of the events; nil where none was known and where the file has none.
  package var condition: ConditionSummary?
  /// Keys of the file that this version does not know.
  var otherKeys = JSONObject()

  /// Creates a reference.
  package init(
    scoreHistogram: ScoreHistogram? = nil, features: FeatureSummary? = nil,
    condition: ConditionSummary? = nil
  ) {
    self.scoreHistogram = scoreHistogram
    self.features = features
    self.condition = condition
  }
}
