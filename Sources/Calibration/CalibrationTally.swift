/// All counts that a calibration takes from background events. It depends only on the set of
/// events: tallies of parts, merged in any order, are the tally of the whole.
package struct CalibrationTally: Sendable {
  /// The largest scores.
  package var scores: ThresholdAccumulator
  /// The counts for quiet working points; nil where none is asked for.
  package var quiet: QuietTally?
  /// All scores with their conditions; nil where no thresholds by condition are asked for.
  package var conditioned: ConditionedEvents?
  /// The histogram of all scores.
  package var histogram = ScoreHistogram()
  /// Moments and extremes of the features.
  package var features: FeatureAccumulator
  /// Moments of the condition.
  package var conditions = ConditionAccumulator()
  /// How the screen compares with the exact scores.
  package var screen = ScreenAccumulator()
  /// Where the events come from.
  package var runs: [CalibrationRun] = []

  /// An empty tally that keeps the `scoresKept` largest scores of events with these features.
  package init(scoresKept: Int, featureCount: Int, featureNames: [String]?) {
    scores = ThresholdAccumulator(capacity: scoresKept)
    features = FeatureAccumulator(featureCount: featureCount, names: featureNames)
  }

  /// Events seen, scorable or not.
  package var eventCount: Int { scores.scorableCount + scores.notScorableCount }

  /// Adds all that `other` has seen: of the same features and requests, and with enough scores kept
  /// (see `ThresholdAccumulator.merge`).
  mutating func merge(_ other: CalibrationTally) {
    precondition((quiet == nil) == (other.quiet == nil), "one has no low scores")
    precondition((conditioned == nil) == (other.conditioned == nil), "one has no conditions")
    scores.merge(other.scores)
    if let low = other.quiet { quiet?.merge(low) }
    if let events = other.conditioned { conditioned?.merge(events) }
    histogram.merge(other.histogram)
    features.merge(other.features)
    conditions.merge(other.conditions)
    screen.merge(other.screen)
    runs += other.runs
  }
}
