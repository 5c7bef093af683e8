internal import StrictJSON

/// What drift is measured against: the background that a calibration saw.
public struct DriftReference: Equatable, Sendable {
  /// How the scores were spread, or nil where the file does not say.
  public var scoreHistogram: ScoreHistogram?
  /// What the features looked like, or nil where the file does not say.
  public var features: FeatureSummary?
  /// What the condition of the events was, or nil where none was known or the file does not say.
  public var condition: ConditionSummary?
  /// Keys of the file that this version does not know.
  var otherKeys = JSONObject()

  /// Creates a reference.
  public init(
    scoreHistogram: ScoreHistogram? = nil, features: FeatureSummary? = nil,
    condition: ConditionSummary? = nil
  ) {
    self.scoreHistogram = scoreHistogram
    self.features = features
    self.condition = condition
  }
}
