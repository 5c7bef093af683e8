internal import Drift
internal import TriggerPipeline

/// A recording that passes a drift monitor from its first event to its last.
///
/// The monitor promises a number of false alarms in a time. The recording is given the time for
/// which that promise is the requested probability; each event takes an equal part of it.
struct DriftRun {
  let monitor: DriftMonitor
  /// All events of the recording; set before the first is noted.
  var eventCount = 0
  /// Alarms in the order in which they went up or were cleared, with the events noted until then.
  private(set) var changes: [(event: Int, change: DriftChange)] = []
  private(set) var notedCount = 0
  private let hours: Double

  init(_ monitor: DriftMonitor, falseAlarmProbability: Double) {
    self.monitor = monitor
    hours = monitor.settings.falseAlarmHours * falseAlarmProbability
  }

  var hasAlarms: Bool { changes.contains { $0.change.kind == .raised } }

  mutating func note(
    score: Float, condition: Float, features: UnsafeBufferPointer<Float>,
    rule: DecisionRule
  ) {
    let fired = rule.firedPoints(score: score, condition: condition)
    monitor.noteEvent(condition: condition, fired: fired, isScorable: !score.isNaN)
    monitor.noteSampled(score: score, features: features)
    notedCount += 1
    let (window, rateWindow) = (
      monitor.settings.sampledWindowEventCount, monitor.settings.decidedWindowEventCount
    )
    if notedCount.isMultiple(of: window) || notedCount.isMultiple(of: rateWindow) {
      let hoursNow = hours * Double(notedCount) / Double(max(eventCount, 1))
      append(monitor.evaluate(atHours: hoursNow))
    }
  }

  mutating func finish() { append(monitor.finish(atHours: hours)) }

  private mutating func append(_ new: [DriftChange]) {
    changes += new.map { (notedCount, $0) }
  }
}
