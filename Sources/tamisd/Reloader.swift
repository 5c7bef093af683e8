internal import CLinux
internal import Logging
internal import Monitoring
internal import ServiceNotify
internal import Synchronization
internal import TriggerPipeline
internal import WorkerThreads

/// Reloads in a thread of its own: files may be slow or never come (a network file system that
/// hangs), and watchdog and SIGTERM must not wait for them.
///
/// One reload runs at a time. A signal that comes meanwhile makes one more follow it, however many
/// signals there were, so what was written before the last signal is always read.
final class Reloader: Sendable {
  private let pipeline: TriggerPipeline
  private let notifier: ServiceNotifier?
  private let logger: Logger
  private let reload: @Sendable () throws -> Void
  private let wake = EventCount()
  private let isWanted = Atomic(false)
  private let isAtWork = Atomic(false)

  /// Begins the thread, which lives as long as the process.
  init(
    pipeline: TriggerPipeline, notifier: ServiceNotifier?, logger: Logger,
    reload: @escaping @Sendable () throws -> Void
  ) {
    self.pipeline = pipeline
    self.notifier = notifier
    self.logger = logger
    self.reload = reload
    let thread = WorkerThread(name: "tamis-reload") { [self] in work() }
    thread.detach()
  }

  /// Asks for a reload. Never waits.
  func request() {
    isWanted.store(true, ordering: .sequentiallyConsistent)
    if isAtWork.load(ordering: .sequentiallyConsistent) {
      logger.notice("a reload is at work already; one more follows it")
    }
    wake.signal()
  }

  private func work() {
    while true {
      let seen = wake.value
      isAtWork.store(true, ordering: .sequentiallyConsistent)
      while isWanted.exchange(false, ordering: .sequentiallyConsistent) { reloadGeneration() }
      isAtWork.store(false, ordering: .sequentiallyConsistent)
      wake.wait(while: seen, timeoutNs: -1)
    }
  }

  /// A reload that fails leaves everything as it is, and is counted and said.
  private func reloadGeneration() {
    let counters = pipeline.counters
    logger.note(notifier?.reloading())
    counters.lastReloadNs.set(tamis_realtime_ns())
    do {
      try reload()
      pipeline.state.setReloadRefusal(nil)
      counters.lastReloadSucceeded.set(1)
      counters.reloads.add()
    } catch {
      pipeline.state.setReloadRefusal("\(error)")
      counters.lastReloadSucceeded.set(0)
      // Counted last: who sees the count sees the rest.
      counters.reloadsRefused.add()
      logger.tell(
        of: .reloadRefused,
        "reload refused, the generation in force stays; mend the files and send SIGHUP again",
        metadata: ["reason": "\(error)"])
    }
    // A daemon that drains has told so, and is not ready any more.
    guard pipeline.state.phase == .running else { return }
    logger.note(notifier?.ready(status: "reloaded, generation \(pipeline.generation.number)"))
  }
}
