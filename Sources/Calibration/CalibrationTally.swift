/// All that a calibration takes from background events. It depends on the set of events alone, so
/// tallies of parts, merged in any order, are the tally of the whole.
public struct CalibrationTally: Sendable {
  /// The largest scores.
  public var scores: ThresholdAccumulator
  /// How all scores are spread.
  public var histogram = ScoreHistogram()
  /// What the features look like.
  public var features: FeatureAccumulator
  /// What the condition was.
  public var conditions = ConditionAccumulator()
  /// How the screen compares with the exact scores.
  public var screen = ScreenAccumulator()
  /// Where the events come from.
  public var runs: [CalibrationRun] = []

  /// A tally that has seen nothing and keeps the `scoresKept` largest scores of events with these
  /// features.
  public init(scoresKept: Int, featureCount: Int, featureNames: [String]?) {
    scores = ThresholdAccumulator(capacity: scoresKept)
    features = FeatureAccumulator(featureCount: featureCount, names: featureNames)
  }

  /// Events seen, scorable or not.
  public var eventCount: Int { scores.scorableCount + scores.notScorableCount }

  /// Adds all that `other` has seen: of the same features, and with enough scores kept (see
  /// `ThresholdAccumulator.merge`).
  mutating func merge(_ other: CalibrationTally) {
    scores.merge(other.scores)
    histogram.merge(other.histogram)
    features.merge(other.features)
    conditions.merge(other.conditions)
    screen.merge(other.screen)
    runs += other.runs
  }
}
