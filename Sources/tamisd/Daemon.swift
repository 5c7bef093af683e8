internal import ArgumentParser
internal import CLinux
internal import DaemonConfiguration
internal import Glibc
internal import Logging
internal import Monitoring
internal import ScoreEngine
internal import TriggerPipeline
internal import WorkerThreads

/// Wires pipeline, log and HTTP together, and waits for the end.
struct Daemon {
  private let configuration: DaemonConfiguration
  private let arms: Arms
  private let logger: Logger
  private let pipeline: TriggerPipeline

  /// A stage that has not gone once around its loop for so long stands still.
  private static let progressNsMax: UInt64 = 10_000_000_000

  /// Opens sockets and journal.
  init(_ configuration: DaemonConfiguration, arms: Arms) throws {
    self.configuration = configuration
    self.arms = arms
    let handler = LineLogHandler(configuration.log)
    logger = Logger(label: "tamisd") { _ in handler }
    pipeline = try TriggerPipeline(
      settings: PipelineSettings(configuration), loaded: arms.model, armed: arms.armed,
      instructionSet: arms.instructionSet, observer: LoggingObserver(logger))
  }

  /// Runs until a signal has come and the pipeline has drained.
  func run() throws {
    let http = try openHTTP()
    logStart(http: http)
    let running = pipeline
    let thread = WorkerThread(name: "tamis-ingest") { running.run() }
    waitForSignal()
    pipeline.stop()
    while pipeline.state.phase != .ended {
      if tamis_signals_wait(100_000_000) != 0 { logger.warning("draining already") }
    }
    thread.join()
    http?.stop()
    try logEnd()
  }

  private func waitForSignal() {
    while true {
      let number = tamis_signals_wait(1_000_000_000)
      switch number {
      case 0: continue
      case SIGHUP: logger.warning("SIGHUP: there is no reload yet; restart to change the model")
      default:
        logger.info("draining", metadata: ["signal": "\(number == SIGTERM ? "TERM" : "INT")"])
        return
      }
    }
  }

  private func openHTTP() throws -> HTTPEndpoint? {
    guard let address = configuration.http.listen else { return nil }
    let (pipeline, points, build) = (pipeline, arms.points, arms.build)
    return try HTTPEndpoint(
      listen: address,
      routes: [
        "/metrics": {
          .metrics(metricsPage(of: pipeline, points: points, build: build))
        },
        "/healthz": { Self.health(of: pipeline.state) },
      ])
  }

  private static func health(of state: PipelineState) -> HTTPReply {
    if state.phase != .running { return .text("draining\n", status: 503) }
    if let reason = state.stallReason { return .text("\(reason)\n", status: 503) }
    if state.sinceProgressNs > progressNsMax {
      return .text(
        "no progress for \(state.sinceProgressNs / 1_000_000_000) s\n", status: 503)
    }
    return .text("ok\n")
  }

  private func logStart(http: HTTPEndpoint?) {
    for line in arms.summary { logger.info("\(line)") }
    logger.info("journal: \(pipeline.journalOpening)")
    logger.info(
      "running",
      metadata: [
        "input": "\(endpoints(configuration.input.connect, pipeline.inputEndpoints))",
        "output": "\(endpoints(configuration.output.connect, pipeline.outputEndpoints))",
        "catch_up": "\(endpoints([], pipeline.catchUpEndpoints))",
        "http": "\(configuration.http.listen ?? "none")", "isa": "\(arms.instructionSet.rawValue)",
        "workers": "\(configuration.engine.workers)",
        "precision": "\(configuration.engine.precision.rawValue)",
        "unbiased_prescale": "\(configuration.unbiased.prescale)",
        "instance": "\(configuration.instance)",
      ])
  }

  private func endpoints(_ connected: [String], _ bound: [String]) -> String {
    (connected + bound).joined(separator: " ")
  }

  private func logEnd() throws {
    let counters = pipeline.counters
    logger.info(
      "ended",
      metadata: [
        "scored": "\(counters.scored.value)", "rejected": "\(counters.rejectedTotal)",
        "shed": "\(counters.shed.value)", "journaled": "\(counters.journaled.value)",
        "published":
          "\(counters.publishedFlagged.value + counters.publishedUnbiased.value)",
        "waiting": "\(counters.waiting.value)", "abandoned": "\(counters.abandoned.value)",
      ])
    let given = counters.abandoned.value + counters.shed.value
    if given > 0 {
      logger.error("records were given up", metadata: ["count": "\(given)"])
      throw ExitCode(1)
    }
  }
}

extension PipelineSettings {
  fileprivate init(_ configuration: DaemonConfiguration) {
    self.init()
    instance = configuration.instance
    inputPattern = configuration.input.pattern == .pull ? .pull : .sub
    inputConnect = configuration.input.connect
    inputBind = configuration.input.bind
    inputTopic = configuration.input.topic
    messageByteCountMax = configuration.input.messageByteCountMax
    inputHighWaterMark = configuration.input.highWaterMark
    outputPattern = configuration.output.pattern == .pub ? .pub : .push
    outputConnect = configuration.output.connect
    outputBind = configuration.output.bind
    outputHighWaterMark = configuration.output.highWaterMark
    journalPath = configuration.journal.path
    segmentByteCountMax = configuration.journal.segmentByteCountMax
    segmentAgeMaxS = configuration.journal.segmentAgeMaxS
    journalKeepByteCountMax = configuration.journal.keepByteCountMax
    journalKeepAgeMaxS = configuration.journal.keepAgeMaxS
    deletesUnpublished = configuration.journal.deletesUnpublished
    journalFreeByteCountMin = configuration.journal.freeByteCountMin
    catchUp.bind = configuration.catchUp.bind
    catchUp.replyByteCountMax = configuration.catchUp.replyByteCountMax
    catchUp.bytesPerSecondMax = configuration.catchUp.bytesPerSecondMax
    fsyncIntervalMs = configuration.journal.fsyncIntervalMs
    unbiasedPrescale = UInt32(configuration.unbiased.prescale)
    isScreened = configuration.engine.precision == .screened
    workerProcessors = configuration.engine.affinity
    batchMax = configuration.engine.batchMax
    workers = configuration.engine.workers
    ringCapacity = configuration.engine.slots
    drainTimeoutMs = configuration.shutdown.drainTimeoutMs
  }
}
