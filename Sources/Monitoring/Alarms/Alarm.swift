package import Drift

/// What can be wrong: the names of the page's alarms and of the Prometheus alerts.
package enum AlarmName: String, CaseIterable, Sendable {
  case down = "TamisDown"
  case restarted = "TamisRestarted"
  case notReady = "TamisNotReady"
  case pipelineStuck = "TamisPipelineStuck"
  case journalStalled = "TamisJournalStalled"
  case journalDiskFilling = "TamisJournalDiskFilling"
  case eventsLost = "TamisEventsLost"
  case eventsRejected = "TamisEventsRejected"
  case noEvents = "TamisNoEvents"
  case deadTime = "TamisDeadTime"
  case outputBacklog = "TamisOutputBacklog"
  case recordsAbandoned = "TamisRecordsAbandoned"
  case ledgerFault = "TamisLedgerFault"
  case flood = "TamisFlood"
  case flaggedRateOff = "TamisFlaggedRateOff"
  case drift = "TamisDrift"
  case screenDisagrees = "TamisScreenDisagrees"
  case reloadRefused = "TamisReloadRefused"
  case handshakesFailed = "TamisHandshakesFailed"
  case connectionsCut = "TamisConnectionsCut"
  case clockSuspect = "TamisClockSuspect"

  /// The alarm that a drift check raises.
  package init(_ check: DriftCheck.Name) { self = check == .flaggedRate ? .flaggedRateOff : .drift }

  /// The section of the runbook that says what the alarm means and what to do.
  package var runbook: String { "docs/runbook.md#\(rawValue.lowercased())" }
}

/// How much an alarm matters.
package enum AlarmSeverity: String, Comparable, Sendable {
  /// Somebody should look on the next working day.
  case warning
  /// Data are being lost or will be: somebody must act now.
  case critical

  /// In the order above.
  package static func < (left: Self, right: Self) -> Bool { left == .warning && right == .critical }
}

/// Something that is wrong now.
package struct AlarmCondition: Equatable, Sendable {
  /// What.
  package var name: AlarmName
  /// How grave.
  package var severity: AlarmSeverity
  /// A sentence with the numbers.
  package var sentence: String

  /// Creates a condition.
  package init(_ name: AlarmName, _ severity: AlarmSeverity, _ sentence: String) {
    self.name = name
    self.severity = severity
    self.sentence = sentence
  }
}

/// Something that is wrong, and since when.
package struct Alarm: Equatable, Sendable {
  /// What.
  package var condition: AlarmCondition
  /// Since when, ns since the epoch.
  package var sinceNs: UInt64

  /// Creates an alarm.
  package init(_ condition: AlarmCondition, sinceNs: UInt64) {
    self.condition = condition
    self.sinceNs = sinceNs
  }
}

/// The one word for everything.
package enum OverallState: String, Sendable {
  /// Nothing is wrong.
  case ok
  /// There is a warning, nothing critical.
  case warning
  /// Something critical is wrong.
  case alarm
}

extension DaemonStatus {
  /// The word for all alarms together.
  package var state: OverallState {
    switch alarms.map(\.condition.severity).max() {
    case .critical: .alarm
    case .warning: .warning
    case nil: .ok
    }
  }
}
