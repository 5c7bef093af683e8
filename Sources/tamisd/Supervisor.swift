internal import CLinux
internal import Drift
internal import Glibc
internal import Logging
internal import Monitoring
internal import ServiceNotify
internal import TriggerPipeline

/// The main thread's work while the pipeline's threads run: it takes signals, reports to systemd,
/// and does work that would delay the threads of the events. It never waits for files.
struct Supervisor {
  private let pipeline: TriggerPipeline
  private let notifier: ServiceNotifier?
  private let logger: Logger
  private let reloader: Reloader
  private var lastStatusNs: UInt64 = 0
  private var lastScored: UInt64 = 0
  private var lastFlagged: UInt64 = 0

  private static let tickNs: Int64 = 200_000_000
  private static let statusIntervalNs: UInt64 = 5_000_000_000

  init(
    pipeline: TriggerPipeline, notifier: ServiceNotifier?, logger: Logger,
    reloader: Reloader
  ) {
    self.pipeline = pipeline
    self.notifier = notifier
    self.logger = logger
    self.reloader = reloader
  }

  /// Watches until SIGTERM or SIGINT has come.
  mutating func watchUntilSignalled() {
    logger.note(notifier?.ready(status: "running, no event yet"))
    lastStatusNs = tamis_monotonic_ns()
    while true {
      let number = tamis_signals_wait(Self.tickNs)
      switch number {
      case 0: break
      case SIGHUP: reloader.request()
      default:
        logger.info("draining", metadata: ["signal": "\(number == SIGTERM ? "TERM" : "INT")"])
        return
      }
      tick()
    }
  }

  /// Watches while the pipeline drains, and tells systemd how long that may take.
  mutating func watchUntilEnded(drainTimeoutMs: Int) {
    logger.note(notifier?.stopping(withinNs: UInt64(drainTimeoutMs + 5_000) * 1_000_000))
    while pipeline.state.phase != .ended {
      if tamis_signals_wait(Self.tickNs / 2) != 0 { logger.warning("draining already") }
      feedWatchdog()
    }
  }

  private mutating func tick() {
    pipeline.discardOldGenerations()
    for change in pipeline.evaluateDrift() {
      switch change.kind {
      case .raised:
        let alarm = AlarmName(change.check.name)
        logger.tell(of: alarm, "\(change.text); see \(alarm.runbook)")
      case .cleared: logger.notice("\(change.text)")
      }
    }
    feedWatchdog()
    tellStatus()
  }

  /// Tells systemd that the pipeline makes progress or idles soundly; a pipeline that hangs is
  /// silent, and systemd restarts it. A pipeline whose journal cannot be written is not silent: a
  /// restart would not help it.
  private func feedWatchdog() {
    guard let notifier, let intervalNs = notifier.watchdogIntervalNs else { return }
    let sinceProgressNsMax = min(PipelineState.progressNsMax, intervalNs)
    if pipeline.state.sinceProgressNs <= sinceProgressNsMax { logger.note(notifier.watchdog()) }
  }

  private mutating func tellStatus() {
    let now = tamis_monotonic_ns()
    guard let notifier, now - lastStatusNs >= Self.statusIntervalNs else { return }
    logger.note(notifier.status(statusText))
    lastStatusNs = now
    (lastScored, lastFlagged) = (pipeline.counters.scored.value, flaggedTotal)
  }

  private var flaggedTotal: UInt64 {
    pipeline.counters.workingPoints.all.reduce(0) { $0 + $1.flagged.value }
  }

  /// The line of `systemctl status`.
  private var statusText: String {
    let elapsedNs = max(1, tamis_monotonic_ns() - lastStatusNs)
    let scored = pipeline.counters.scored.value - lastScored
    let flagged = flaggedTotal - lastFlagged
    func rate(_ count: UInt64) -> String {
      let tenths = (Double(count) * 1e10 / Double(elapsedNs)).rounded()
      return "\(tenths / 10)"
    }
    if let reason = pipeline.state.stallReason { return "stalled: \(reason)" }
    return "\(rate(scored)) events/s, \(rate(flagged)) flagged/s, "
      + "\(pipeline.counters.waiting.value) records wait for the output, generation "
      + "\(pipeline.generation.number)"
  }
}
