internal import Drift
internal import StrictJSON

/// Drift against the calibration's reference.
package struct DriftFacts: Equatable, Sendable {
  /// One check.
  package struct Check: Equatable, Sendable {
    /// Its name, of a fixed list.
    package var name: String
    /// The last statistic; nil before the first window is full.
    package var statistic: Double?
    /// The check is out of bounds above this; nil before the first window is full.
    package var limit: Double?
    /// Whether its alarm is on.
    package var isAlarming: Bool
    /// How it deviates, in words with numbers: while the alarm is on, the last window that was above
    /// its limit. Nil before the first window is full.
    package var finding: String?
    /// How often its alarm went on.
    package var alarms: UInt64
    /// Windows judged.
    package var windows: UInt64

    /// Creates the facts.
    package init(
      name: String, statistic: Double?, limit: Double?, isAlarming: Bool, finding: String? = nil,
      alarms: UInt64, windows: UInt64
    ) {
      self.name = name
      self.statistic = statistic
      self.limit = limit
      self.isAlarming = isAlarming
      self.finding = finding
      self.alarms = alarms
      self.windows = windows
    }
  }

  /// A feature's deviation from the reference.
  package struct Feature: Equatable, Sendable {
    /// The feature's name.
    package var name: String
    /// By how many standard errors its mean or spread is off.
    package var deviation: Double

    /// Creates the facts.
    package init(name: String, deviation: Double) {
      self.name = name
      self.deviation = deviation
    }
  }

  /// The checks.
  package var checks: [Check]
  /// The features, in the model's order; those of more than `featureCountMax` are not exported as
  /// metrics, whose labels are bounded.
  package var features: [Feature]

  /// The check that compares flagged rates with those expected.
  static let rateCheckName = DriftCheck.Name.flaggedRate.rawValue

  /// The most features that have a metric each.
  package static let featureCountMax = 256

  /// Creates the facts.
  package init(checks: [Check], features: [Feature] = []) {
    self.checks = checks
    self.features = features
  }
}

extension DriftFacts {
  /// The report of a monitor. A check that has nothing to compare with has no limit and is left out.
  init(_ report: DriftReport) {
    self.init(
      checks: report.checks.filter(\.isActive).map {
        Check(
          name: $0.name.rawValue, statistic: $0.statistic, limit: $0.limit, isAlarming: $0.isRaised,
          finding: $0.statement, alarms: $0.alarmCount, windows: $0.windowCount)
      },
      features: report.features.filter { !$0.isIgnored }.compactMap { feature in
        let statistics = [feature.meanStatistic, feature.spreadStatistic].compactMap { $0 }
        return statistics.max { abs($0) < abs($1) }
          .map { Feature(name: feature.name, deviation: $0) }
      })
  }
}

extension DriftFacts.Check {
  static let figures: [Figure<DriftFacts.Check>] = [
    Figure("check") { .text($0.name) },
    Figure(
      "statistic", "tamis_drift_statistic", "The check's statistic over its last window."
    ) { .real($0.statistic ?? .nan) },
    Figure("limit", "tamis_drift_limit", "The check is out of bounds above this.") {
      .real($0.limit ?? .nan)
    },
    Figure("alarm", "tamis_drift_alarm", "1 while a check is out of bounds.", ahead: 2) {
      .truth($0.isAlarming)
    },
    Figure(
      "alarms", "tamis_drift_alarms_total", "How often the check went out of bounds."
    ) { .count($0.alarms) },
    Figure("windows", "tamis_drift_windows_total", "Windows that the check has judged.") {
      .count($0.windows)
    },
    Figure("finding") { $0.finding.map { .text($0) } },
  ]
}

extension DriftFacts.Feature {
  static let figures: [Figure<DriftFacts.Feature>] = [
    Figure("name") { .text($0.name) },
    Figure(
      "deviation", "tamis_drift_feature_deviation",
      "By how many standard errors the feature is off its reference."
    ) { .real($0.deviation) },
  ]
}

extension DriftFacts {
  var json: JSONValue {
    let largest = features.sorted { abs($0.deviation) > abs($1.deviation) }.prefix(10)
    return .object([
      "checks": .array(checks.map { Check.figures.json(of: $0) }),
      "features_most_off": .array(largest.map { Feature.figures.json(of: $0) }),
    ])
  }
}
