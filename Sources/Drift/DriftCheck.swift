internal import NumberText

/// One kind of drift that is looked for, and how it stands.
package struct DriftCheck: Equatable, Sendable {
  /// The kinds, named as labels of metrics are.
  package enum Name: String, CaseIterable, Sendable {
    /// The distribution of the unbiased sample's scores against the calibration's.
    case score
    /// The mean of each feature in the unbiased sample.
    case featureMean = "feature_mean"
    /// The spread of each feature in the unbiased sample, dead features included.
    case featureSpread = "feature_spread"
    /// The share of events, and of each feature's values, that are NaN or infinite.
    case notFinite = "not_finite"
    /// The share of decided events above each threshold.
    case flaggedRate = "flagged_rate"
    /// Whether that share is the same whatever the record's condition.
    case condition
  }

  /// Which way it went.
  package enum Direction: String, Sendable {
    case up, down
  }

  /// Which check.
  package var name: Name
  /// Whether there is something to compare with; the report's notes say why not.
  package var isActive: Bool
  /// Whether the alarm is up.
  package var isRaised = false
  /// How unlikely the last window is on stationary background, as the number of standard deviations
  /// that a normal variable exceeds, to either side, with that probability; nil before the first
  /// window. Of several window lengths and subjects the one nearest to its limit.
  package var statistic: Double?
  /// The alarm is raised above this; nil before the first window. It depends on the window's length and
  /// on the time it took.
  package var limit: Double?
  /// Windows at or below this are quiet.
  package var quietLimit: Double?
  /// Events in the window that `statistic` is of.
  package var windowEventCount = 0
  /// What deviates most: the name of a feature or of a working point; nil where there is no choice.
  package var subject: String?
  /// Which way it deviates.
  package var direction: Direction?
  /// How it deviates, in words with numbers: `feature_07: mean 0.21 standard deviations up`.
  package var finding: String?
  /// While the alarm is up, the last window that was above its limit. `statistic` and `finding` may be
  /// of a later one.
  package var raising: DriftWindow?
  /// Alarms raised since start.
  package var alarmCount: UInt64 = 0
  /// Windows judged since start, of all lengths.
  package var windowCount: UInt64 = 0

  /// How it deviates; of an alarm, the finding of the window that raised it.
  package var statement: String? { raising?.finding ?? finding }

  init(_ name: Name, isActive: Bool) {
    self.name = name
    self.isActive = isActive
  }
}

/// A window and its judgement.
package struct DriftWindow: Equatable, Sendable {
  /// As `DriftCheck.statistic`.
  package var statistic: Double
  /// As `DriftCheck.limit`.
  package var limit: Double
  /// Events in the window.
  package var eventCount: Int
  /// How it deviates, in words with numbers.
  package var finding: String

  init(_ judgement: Judgement) {
    statistic = judgement.verdict.statistic
    limit = judgement.limit
    eventCount = judgement.eventCount
    finding = judgement.verdict.finding
  }

  /// Its size and its numbers.
  package var numbers: String { windowNumbers(eventCount, statistic, limit) }
}

/// An alarm that went up or was cleared.
package struct DriftChange: Equatable, Sendable {
  /// What happened.
  package enum Kind: String, Sendable {
    case raised, cleared
  }

  /// What happened.
  package var kind: Kind
  /// The present state of the check.
  package var check: DriftCheck

  /// A sentence for the log: of an alarm that went up, the window that raised it.
  package var text: String {
    let name = check.name.rawValue
    switch kind {
    case .raised:
      let raising = check.raising.map { "\($0.finding) (\($0.numbers))" }
      return "drift: \(name): \(raising ?? "no finding")"
    case .cleared:
      let numbers = windowNumbers(check.windowEventCount, check.statistic ?? 0, check.limit ?? 0)
      return "drift has gone: \(name) is quiet again (\(numbers))"
    }
  }
}

private func windowNumbers(_ eventCount: Int, _ statistic: Double, _ limit: Double) -> String {
  "\(counted(eventCount, "event")), \(fixed(statistic, places: 1)) sigma, limit "
    + "\(fixed(limit, places: 1))"
}
