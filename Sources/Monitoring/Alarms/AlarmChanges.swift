/// An alarm that has begun, grown graver, or ended: one line of the log.
package struct AlarmChange: Equatable, Sendable {
  /// What.
  package var name: AlarmName
  /// How it is now; nil where it has ended.
  package var condition: AlarmCondition?

  /// Creates a change.
  package init(name: AlarmName, condition: AlarmCondition?) {
    self.name = name
    self.condition = condition
  }
}

/// The alarms that the log has been told of. A critical one is told at once, a warning when it has been
/// on for `patienceNs`: a connection may come some seconds after the start. The begin of each alarm is
/// told at most once a minute.
struct AlarmTelling {
  static let patienceNs: UInt64 = 10_000_000_000
  static let pauseNs: UInt64 = 60_000_000_000

  private struct Told {
    var severity: AlarmSeverity?
    var beganNs: UInt64
  }

  private var told: [AlarmName: Told] = [:]

  /// The changes since the last call, at a time of a clock that never goes back. `onSinceNs` says
  /// since when each alarm is on, by the same clock.
  mutating func changes(
    _ conditions: [AlarmCondition], nowNs: UInt64, onSinceNs: [AlarmName: UInt64]
  ) -> [AlarmChange] {
    var changes: [AlarmChange] = []
    for name in AlarmName.allCases {
      // The gravest comes first.
      let now = conditions.first { $0.name == name }
      let before = told[name]
      if let now, before?.severity.map({ now.severity > $0 }) ?? true {
        let isNew = before?.severity == nil
        let age = nowNs - min(nowNs, onSinceNs[name] ?? nowNs)
        if now.severity == .warning, age < Self.patienceNs { continue }
        if isNew, let before, nowNs - min(nowNs, before.beganNs) < Self.pauseNs { continue }
        told[name] = Told(severity: now.severity, beganNs: nowNs)
        changes.append(AlarmChange(name: name, condition: now))
      } else if now == nil, before?.severity != nil {
        told[name]?.severity = nil
        changes.append(AlarmChange(name: name, condition: nil))
      }
    }
    return changes
  }
}
