/// The state of every check, for metrics, status page and log.
package struct DriftReport: Equatable, Sendable {
  /// One a kind, in the order of `DriftCheck.Name.allCases`.
  package var checks: [DriftCheck]
  /// One a working point, in the calibration's order.
  package var realisedRates: [RealisedRate]
  /// One a feature, in the record's order; empty where the calibration does not know the features.
  package var features: [FeatureDeviation]
  /// The flagged rate by condition, from low to high; empty where no record states a condition.
  package var conditions: [ConditionRate] = []
  /// Events that were left out because both windows were full and not yet judged.
  package var decidedLeftOutCount: UInt64 = 0
  /// The same for events of the unbiased sample.
  package var sampledLeftOutCount: UInt64 = 0
  /// What cannot be checked, or only in a weaker way, and why: a sentence each.
  package var notes: [String]

  /// Whether any alarm is up.
  package var isRaised: Bool { checks.contains { $0.isRaised } }

  /// The state of one kind.
  package subscript(name: DriftCheck.Name) -> DriftCheck {
    // All kinds are there, in order.
    checks[DriftCheck.Name.allCases.firstIndex(of: name) ?? 0]
  }
}

/// How often events were above a threshold lately, before any prescale.
package struct RealisedRate: Equatable, Sendable {
  /// The working point's name.
  package var workingPoint: String
  /// The rate that its threshold was set for.
  package var targetFPR: Double
  /// An extrapolated threshold has no exact law to be judged by: its rate is shown and raises no
  /// alarm.
  package var isExtrapolated: Bool
  /// Scored events in the last eight windows.
  package var scoredCount = 0
  /// Those above the threshold.
  package var flaggedCount = 0
  /// Their share; nil before the first window.
  package var rate: Double?
  /// The exact interval of the rate by Clopper and Pearson, at the settings' confidence.
  package var interval: ClosedRange<Double>?
}

/// How one feature stood in the last window of the unbiased sample.
package struct FeatureDeviation: Equatable, Sendable {
  /// Its name, or its index where the features have none.
  package var name: String
  /// Whether it was left out by name.
  package var isIgnored: Bool
  /// Mean minus the calibration's, in the calibration's standard deviations; nil before the first
  /// window and where there is no finite value or no spread to measure it by.
  package var meanDeviation: Double?
  /// The same in standard deviations of that difference.
  package var meanStatistic: Double?
  /// Standard deviation over the calibration's.
  package var spreadRatio: Double?
  /// The significance of the spread's change, positive for a wider one.
  package var spreadStatistic: Double?
  /// Share of values that are NaN or infinite.
  package var notFiniteShare: Double?
}

/// The rate of one working point at some conditions.
package struct ConditionRate: Equatable, Sendable {
  /// The conditions, lower end included.
  package var conditions: Range<Float>
  /// The working point's name.
  package var workingPoint: String
  /// Scored events.
  package var scoredCount: Int
  /// Those above the threshold.
  package var flaggedCount: Int
  /// Their share.
  package var rate: Double
  /// Its exact interval at the settings' confidence.
  package var interval: ClosedRange<Double>
}
