extension DaemonConfiguration {
  /// What is watched for drift.
  public struct Drift: Equatable, Sendable {
    /// One kind of drift, named as in metrics.
    public enum Check: String, CaseIterable, Sendable {
      case score
      case featureMean = "feature_mean"
      case featureSpread = "feature_spread"
      case notFinite = "not_finite"
      case flaggedRate = "flagged_rate"
      case condition
    }

    /// `false_alarm_hours`: on stationary background all checks together raise at most one false
    /// alarm in this many hours, on average; 1 to 1,000,000.
    public var falseAlarmHours = 1_000
    /// `window_events`: events of the unbiased sample in a window, 100 to 1,000,000.
    public var windowEventCount = 2_000
    /// `rate_window_events`: decided events in a window, 1,000 to 1,000,000,000.
    public var rateWindowEventCount = 200_000
    /// `ignore`: checks that are left out.
    public var ignoredChecks: [Check] = []
    /// `ignore_features`: features that no check looks at, by name.
    public var ignoredFeatures: [String] = []

    /// The defaults.
    public init() {}
  }
}

extension DaemonConfiguration.Drift {
  mutating func read(_ section: SectionReader) {
    falseAlarmHours = section.integer(
      "false_alarm_hours", in: 1...1_000_000, default: falseAlarmHours)
    windowEventCount = section.integer(
      "window_events", in: 100...1_000_000, default: windowEventCount)
    rateWindowEventCount = section.integer(
      "rate_window_events", in: 1_000...1_000_000_000, default: rateWindowEventCount)
    ignoredChecks = section.choices("ignore")
    ignoredFeatures = section.texts("ignore_features", of: "feature name", example: "pt")
  }
}
