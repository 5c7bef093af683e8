internal import CLinux

/// Where the pipeline takes its time from: the system's clocks, or a simulated one that tests move.
///
/// It holds one reference, which is nil outside tests. Reading the time costs one comparison more
/// than a direct call of the system's clock.
package struct PipelineClock: Sendable {
  /// The clocks of this machine.
  package static let system = PipelineClock(simulated: nil)

  private let simulated: (any SimulatedTime)?

  private init(simulated: (any SimulatedTime)?) { self.simulated = simulated }

  /// A clock that shows the time of `time`.
  package init(_ time: any SimulatedTime) { simulated = time }

  /// Nanoseconds that never go back, from any origin.
  package var monotonicNs: UInt64 { simulated?.monotonicNs ?? tamis_monotonic_ns() }

  /// Nanoseconds since the epoch, as far as the system knows; may jump both ways.
  package var realtimeNs: UInt64 { simulated?.realtimeNs ?? tamis_realtime_ns() }

  /// Returns after `durationNs`.
  package func sleep(ns durationNs: UInt64) {
    if let simulated { simulated.sleep(ns: durationNs) } else { tamis_sleep_ns(durationNs) }
  }
}

/// Time that a test moves. Used from one thread.
package protocol SimulatedTime: AnyObject, Sendable {
  /// Never goes back.
  var monotonicNs: UInt64 { get }
  /// May jump both ways.
  var realtimeNs: UInt64 { get }
  /// Lets `durationNs` pass; other things may happen meanwhile.
  func sleep(ns durationNs: UInt64)
}
