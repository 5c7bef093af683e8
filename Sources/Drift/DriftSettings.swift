/// How drift is looked for, and how rarely it may be seen where there is none.
package struct DriftSettings: Equatable, Sendable {
  /// The promise on stationary background: hours in which all checks together raise one false alarm
  /// at most, on average. Greater than 0.
  package var falseAlarmHours = 1_000.0
  /// Events of the unbiased sample in the shortest window of `score`, `feature_mean`,
  /// `feature_spread` and the features' part of `not_finite`; at least 100.
  package var sampledWindowEventCount = 2_000
  /// Decided events in the shortest window of `flagged_rate`, of the events' part of `not_finite`,
  /// and between two looks at `condition`; at least 1,000.
  package var decidedWindowEventCount = 200_000
  /// The number of quiet windows in a row that clear an alarm; at least 1.
  package var quietWindowCount = 3
  /// Checks that are left out.
  package var ignoredChecks: Set<DriftCheck.Name> = []
  /// Features, by name, that no check looks at: channels that are known to be dead.
  package var ignoredFeatures: Set<String> = []
  /// Working points, by name, whose flagged rate no check looks at: their thresholds move, and the
  /// calibration's law does not hold for them.
  package var movingPoints: Set<String> = []
  /// Confidence of the intervals that are reported; in (0, 1). No alarm depends on it.
  package var confidence = 0.95

  /// The defaults.
  package init() {}
}
