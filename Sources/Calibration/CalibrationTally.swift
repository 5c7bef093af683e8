/// All counts that a calibration takes from background events. It depends only on the set of
/// events: tallies of parts, merged in any order, are the tally of the whole.
public struct CalibrationTally: Sendable {
  /// The largest scores.
  public var scores: ThresholdAccumulator
  /// What quiet working points need; nil where none is asked for.
  public var quiet: QuietTally?
  /// The histogram of all scores.
  public var histogram = ScoreHistogram()
  /// Moments and extremes of the features.
  public var features: FeatureAccumulator
  /// Moments of the condition.
  public var conditions = ConditionAccumulator()
  /// How the screen compares with the exact scores.
  public var screen = ScreenAccumulator()
  /// Where the events come from.
  public var runs: [CalibrationRun] = []

  /// An empty tally that keeps the `scoresKept` largest scores of events with these features.
  public init(scoresKept: Int, featureCount: Int, featureNames: [String]?) {
    scores = ThresholdAccumulator(capacity: scoresKept)
    features = FeatureAccumulator(featureCount: featureCount, names: featureNames)
  }

  /// Events seen, scorable or not.
  public var eventCount: Int { scores.scorableCount + scores.notScorableCount }

  /// Adds all that `other` has seen, both without quiet working points: of the same features, and with enough scores kept (see
  /// `ThresholdAccumulator.merge`).
  mutating func merge(_ other: CalibrationTally) {
    precondition(quiet == nil && other.quiet == nil, "parts have no quiet working points")
    scores.merge(other.scores)
    histogram.merge(other.histogram)
    features.merge(other.features)
    conditions.merge(other.conditions)
    screen.merge(other.screen)
    runs += other.runs
  }
}
