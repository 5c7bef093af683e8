internal import EventRecords
internal import RunFiles
internal import Synchronization
internal import WorkerThreads

/// A thread that waits for the disk in place of the thread that decides and publishes. A sync takes
/// milliseconds, for which an event that is flagged meanwhile would have to wait.
///
/// One thread owns it: it hands over one synchronisation at a time and asks for the outcome later.
final class JournalFlusher: @unchecked Sendable {
  // Unchecked: `work` and `failure` belong to the owner while the phase is `idle` or `done`, and to
  // the flusher's thread while it is `asked`.

  /// The outcome of a synchronisation.
  enum Outcome {
    case success
    case failure(any Error)
  }

  private enum Phase {
    static let idle = 0
    static let asked = 1
    static let done = 2
  }

  private let phase = Atomic<Int>(Phase.idle)
  private let isEnding = Atomic<Bool>(false)
  private let news = EventCount()
  private var work: JournalSynchronisation?
  private var failure: (any Error)?
  private var thread: WorkerThread?
  private let everySecond: @Sendable () -> (any Error)?
  private var lastSecondNs: UInt64 = 0

  private let clock: PipelineClock
  private let isByHand: Bool

  /// - Parameters:
  ///   - byHand: there is no thread; the owner calls `turn()` in its place.
  ///   - everySecond: work of the thread about once a second, when the disk lets it; returns the error
  ///     of a failure.
  init(
    clock: PipelineClock = .system, byHand: Bool = false,
    everySecond: @escaping @Sendable () -> (any Error)? = { nil }
  ) {
    self.clock = clock
    isByHand = byHand
    self.everySecond = everySecond
  }

  /// Whether a synchronisation was handed over and its outcome not yet taken.
  var isBusy: Bool { phase.load(ordering: .acquiring) != Phase.idle }

  /// Starts the thread where it does not run yet.
  func start() {
    if thread == nil, !isByHand {
      thread = WorkerThread(name: "tamis-flush") { [unowned self] in live() }
    }
  }

  /// Hands over a synchronisation; the flusher must not be busy.
  func begin(_ synchronisation: consuming JournalSynchronisation) {
    precondition(!isBusy)
    start()
    work = consume synchronisation
    phase.store(Phase.asked, ordering: .releasing)
    news.signal()
  }

  /// The outcome of the synchronisation that was handed over, once. Nil while it runs, and where
  /// there is none.
  func takeOutcome() -> Outcome? {
    guard phase.load(ordering: .acquiring) == Phase.done else { return nil }
    defer { phase.store(Phase.idle, ordering: .relaxed) }
    return failure.map { .failure($0) } ?? .success
  }

  /// Ends the thread after its present work, and does the work of every second once more. Must be
  /// called before the last reference goes.
  /// - Returns: why that failed; nil where it did not.
  func end() -> (any Error)? {
    isEnding.store(true, ordering: .releasing)
    news.signal()
    thread.take()?.join()
    if isByHand { turn() }
    return everySecond()
  }

  private func live() {
    while true {
      let seen = news.value
      if turn() { continue }
      if isEnding.load(ordering: .acquiring) { return }
      news.wait(while: seen, timeoutNs: Int64(Self.secondNs))
    }
  }

  /// Whether a synchronisation waits to be done.
  var hasWork: Bool { phase.load(ordering: .acquiring) == Phase.asked }

  /// Does the work that was handed over; returns whether there was some.
  @discardableResult
  func turn() -> Bool {
    beatSeconds()
    guard hasWork else { return false }
    failure = nil
    do { try work?.run() } catch { failure = error }
    work = nil
    phase.store(Phase.done, ordering: .releasing)
    return true
  }

  private static let secondNs: UInt64 = 1_000_000_000

  private func beatSeconds() {
    let nowNs = clock.monotonicNs
    if nowNs - lastSecondNs < Self.secondNs { return }
    lastSecondNs = nowNs
    // A failure is not reported here: the next second tries again.
    _ = everySecond()
  }
}
