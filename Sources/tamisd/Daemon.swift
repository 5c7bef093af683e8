internal import ArgumentParser
internal import BoundedNumbers
internal import CLinux
internal import CommandFrame
internal import CurveSecurity
internal import DaemonConfiguration
internal import Drift
internal import FoundationEssentials
internal import Glibc
internal import Logging
internal import Monitoring
internal import ScoreEngine
internal import ServiceNotify
internal import TriggerPipeline
internal import WorkerThreads

/// Wires pipeline, log and HTTP together, watches over them, and waits for the end.
struct Daemon: Sendable {
  private let configurationPath: String
  private let configuration: DaemonConfiguration
  private let generation: ConfiguredGeneration
  private let handler: LineLogHandler
  private let logger: Logger
  private let pipeline: TriggerPipeline
  private let security: String

  /// Opens sockets and journal.
  init(
    _ configuration: DaemonConfiguration, path: String, generation: ConfiguredGeneration,
    found: StartCheck
  ) throws {
    configurationPath = path
    self.configuration = configuration
    self.generation = generation
    // The threads that are made from here inherit the processors that they may run on.
    let processors = configuration.pipeline.workerProcessors
    tamis_thread_keep_off(processors.map(Int32.init), processors.count)
    let handler = LineLogHandler(configuration.log)
    self.handler = handler
    logger = Logger(label: "tamisd") { _ in handler }
    for warning in found.warnings { logger.warning("\(warning)") }
    var settings = configuration.pipeline
    settings.security = try SocketSecurity(configuration)
    settings.security.handshakeCountMax = found.handshakeCountMax
    security =
      settings.security.summary
      + "; what senders send takes at most \(InputQueueBound(settings).byteCountMax) bytes"
    pipeline = try TriggerPipeline(
      settings: settings, loaded: generation.loaded, observer: LoggingObserver(logger))
  }

  /// Runs until a signal has come and the pipeline has drained.
  func run() throws {
    defer { handler.flush() }
    logGeneration()
    let http = try openHTTP()
    logStart(http: http)
    let running = pipeline
    let thread = WorkerThread(name: "tamis-ingest") { running.run() }
    let notifier = notifier
    let reloader = Reloader(
      pipeline: pipeline, notifier: notifier, logger: logger, reload: { try reload() })
    var supervisor = Supervisor(
      pipeline: pipeline, notifier: notifier, logger: logger, reloader: reloader)
    supervisor.watchUntilSignalled()
    pipeline.stop()
    supervisor.watchUntilEnded(drainTimeoutMs: configuration.pipeline.drainTimeoutMs)
    thread.join()
    http?.stop()
    try logEnd()
  }

  /// Nil where no service manager asks for notifications, and where they cannot be sent.
  private var notifier: ServiceNotifier? {
    do {
      return try ServiceNotifier(environment: ProcessInfo.processInfo.environment)
    } catch {
      logger.warning("\(error)")
      return nil
    }
  }

  private func openHTTP() throws -> HTTPEndpoint? {
    guard let address = configuration.http.listen else { return nil }
    let pipeline = pipeline
    let build = BuildFacts(
      version: programVersion, instructionSet: generation.loaded.instructionSet.rawValue,
      instance: configuration.pipeline.instance, startedNs: tamis_realtime_ns(),
      processIdentifier: getpid(), processIdentity: ProcessIdentity(of: getpid()))
    let logger = logger
    let keeper = StatusKeeper(
      snapshot: { DaemonStatus(of: pipeline, build: build) }, listener: { logger.note($0) })
    return try HTTPEndpoint(
      listen: address, names: configuration.http.names, routes: monitoringRoutes(of: keeper),
      everySecond: keeper.tick)
  }
}

// MARK: - Reload

extension Daemon {
  /// Reads the list of clients and the configuration again and switches to the model, calibration,
  /// shadow, rate_control and prescales that it has.
  private func reload() throws {
    if let change = try pipeline.reloadClients() {
      logger.info(
        "clients read again",
        metadata: [
          "clients": "\(change.count)", "added": "\(change.added)",
          "removed": "\(change.removed)",
        ])
    }
    let wanted = try DaemonConfiguration.load(configurationPath)
    let candidate = try ConfiguredGeneration(wanted)
    let isTakenOver = try pipeline.reload(candidate.loaded)
    for line in candidate.summary { logger.info("\(line)") }
    logger.notice(
      isTakenOver
        ? "model and calibration are in force"
        : "model and calibration are loaded, and decide as soon as the pipeline moves again",
      metadata: ["generation": "\(pipeline.generation.number)"])
    let others = wanted.keysForRestart(differingFrom: configuration)
    if !others.isEmpty {
      logger.warning(
        """
        the configuration differs in more than model, calibration, shadow, rate_control, prescales and \
        the list of clients; restart the daemon for the rest
        """, metadata: ["keys": "\(others.joined(separator: " "))"])
    }
  }
}

// MARK: - Log

extension Daemon {
  /// Called before the endpoint answers: the log then states the generation before a client can see the
  /// daemon ready.
  private func logGeneration() {
    for line in generation.summary { logger.info("\(line)") }
  }

  private func logStart(http: HTTPEndpoint?) {
    logger.info("\(security)")
    logger.info("journal: \(pipeline.journalOpening)")
    logger.info(
      "running",
      metadata: [
        "input": "\(endpoints(configuration.pipeline.inputConnect, pipeline.inputEndpoints))",
        "output": "\(endpoints(configuration.pipeline.outputConnect, pipeline.outputEndpoints))",
        "catch_up": "\(endpoints([], pipeline.catchUpEndpoints))",
        "http": "\(http.map(boundAddress) ?? "none")",
        "isa": "\(generation.loaded.instructionSet.rawValue)",
        "workers": "\(configuration.pipeline.workers)",
        "precision": "\(configuration.pipeline.isScreened ? "screened" : "exact")",
        "unbiased_prescale": "\(configuration.pipeline.unbiasedPrescale)",
        "instance": "\(configuration.pipeline.instance)",
      ])
  }

  /// HOST:PORT as configured, with the port that the system chose for 0.
  private func boundAddress(_ http: HTTPEndpoint) -> String {
    let listen = configuration.http.listen ?? ""
    return listen.lastIndex(of: ":").map {
      "\(listen[...$0])\(http.boundPort)"
    } ?? listen
  }

  private func endpoints(_ connected: [String], _ bound: [String]) -> String {
    (connected + bound).joined(separator: " ")
  }

  private func logEnd() throws {
    let counters = pipeline.counters
    let published =
      counters.publishedFlagged.value + counters.publishedUnbiased.value
      + counters.publishedUnflagged.value
    logger.info(
      "ended",
      metadata: [
        "scored": "\(counters.scored.value)", "rejected": "\(counters.rejectedTotal)",
        "shed": "\(counters.shed.value)", "journaled": "\(counters.journaled.value)",
        "published": "\(published - min(published, counters.held.value))",
        "waiting": "\(counters.waiting.value +| counters.held.value)",
        "sent_again": "\(counters.repeated.value)",
        "abandoned": "\(counters.abandoned.value)",
      ])
    let given = counters.abandoned.value + counters.shed.value
    if given > 0 {
      logger.tell(
        of: .recordsAbandoned, "records were given up", metadata: ["count": "\(given)"])
    }
    if let failure = pipeline.endFailure {
      logger.error("not everything is durable", metadata: ["reason": "\(failure)"])
    }
    if given > 0 || pipeline.endFailure != nil { throw ExitCode(1) }
  }
}
