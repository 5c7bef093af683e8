internal import Synchronization

/// The phase of the pipeline and what keeps it from working, for all its threads and for health
/// checks.
package final class PipelineState: Sendable {
  /// The phases, in order.
  package enum Phase: Int, Sendable, AtomicRepresentable {
    /// Events flow.
    case running
    /// Input is closed; what was received is being finished.
    case draining
    /// All threads have ended.
    case ended
  }

  private let phaseNow = Atomic<Phase>(.running)
  private let inputEnded = Atomic<Bool>(false)
  private let drainDeadlineNs = Atomic<UInt64>(.max)
  private let stall = Mutex<String?>(nil)
  private let refusal = Mutex<String?>(nil)
  private let ending = Mutex<String?>(nil)
  private let inputProgress: Atomic<UInt64>
  private let outputProgress: Atomic<UInt64>
  private let clock: PipelineClock

  /// A pipeline that runs by `clock`.
  package init(clock: PipelineClock) {
    self.clock = clock
    inputProgress = Atomic(clock.monotonicNs)
    outputProgress = Atomic(clock.monotonicNs)
  }

  /// The phase now.
  package var phase: Phase { phaseNow.load(ordering: .acquiring) }

  /// Why the pipeline stands still; nil while it works.
  package var stallReason: String? { stall.withLock { $0 } }

  /// Why the last reload was refused; nil where it was made, and before the first.
  package var reloadRefusal: String? { refusal.withLock { $0 } }

  /// The reason why not all could be made durable at the end; nil where all was.
  package var endFailure: String? { ending.withLock { $0 } }

  /// Notes what could not be made durable at the end; the first of them counts.
  func setEndFailure(_ reason: String) { ending.withLock { $0 = $0 ?? reason } }

  /// Notes the outcome of a reload: the reason of its refusal, or nil.
  package func setReloadRefusal(_ reason: String?) { refusal.withLock { $0 = reason } }

  /// Nanoseconds since the input last looked at its sockets, or since records last left the ring
  /// while there were any, whichever is longer. A scoring thread that hangs shows here, too.
  package var sinceProgressNs: UInt64 {
    let last = min(
      inputProgress.load(ordering: .relaxed), outputProgress.load(ordering: .relaxed))
    let now = clock.monotonicNs
    return now > last ? now - last : 0
  }

  /// A stage whose loop takes longer than this is taken to stand still.
  package static let progressNsMax: UInt64 = 10_000_000_000

  /// Asks the pipeline to finish what it has received, for at most `timeoutMs`.
  package func beginDraining(timeoutMs: Int) {
    drainDeadlineNs.store(
      clock.monotonicNs + UInt64(timeoutMs) * 1_000_000, ordering: .releasing)
    phaseNow.store(.draining, ordering: .releasing)
  }

  var isDraining: Bool { phase != .running }

  var isPastDeadline: Bool {
    isDraining && clock.monotonicNs >= drainDeadlineNs.load(ordering: .acquiring)
  }

  var hasInputEnded: Bool { inputEnded.load(ordering: .acquiring) }

  func endInput() { inputEnded.store(true, ordering: .releasing) }

  func end() { phaseNow.store(.ended, ordering: .releasing) }

  /// Notes what the pipeline waits for; nil for nothing. Returns whether this has changed.
  @discardableResult
  func setStall(_ reason: String?) -> Bool {
    stall.withLock { current in
      defer { current = reason }
      return current != reason
    }
  }

  func noteInputProgress() { inputProgress.store(clock.monotonicNs, ordering: .relaxed) }

  func noteOutputProgress() { outputProgress.store(clock.monotonicNs, ordering: .relaxed) }
}
