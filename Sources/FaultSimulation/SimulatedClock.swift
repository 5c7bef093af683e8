internal import TriggerPipeline

/// Time that the simulation moves.
///
/// `@unchecked`: all of a simulation runs in one thread.
final class SimulatedClock: SimulatedTime, @unchecked Sendable {
  private(set) var monotonicNs: UInt64 = 1_000_000_000_000
  /// The sum of all jumps of the time of day.
  private var offsetNs: Int64 = 1_780_000_000_000_000_000
  /// What happens while a stage sleeps.
  var whileAsleep: () -> Void = {}

  var realtimeNs: UInt64 {
    UInt64(clamping: Int64(clamping: monotonicNs).addingReportingOverflow(offsetNs).partialValue)
  }

  func advance(ns: UInt64) { monotonicNs += ns }

  /// Sets the time of day forwards or back.
  func jump(seconds: Int64) { offsetNs += seconds * 1_000_000_000 }

  func sleep(ns: UInt64) {
    advance(ns: ns)
    whileAsleep()
  }
}
