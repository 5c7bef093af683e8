internal import CLinux
package import Calibration
package import CurveSecurity
package import Drift
internal import DurableFiles
internal import EventRecords
internal import NumberText
internal import RateControl
internal import RunFiles
internal import ScoreModel
internal import Synchronization
internal import WorkerThreads
package import ZeroMQ

/// The whole way of an event: input socket, checks, scoring, decision, journal, output socket.
///
/// It allocates all memory and binds the sockets when it is made, so that a fault of the
/// configuration is an error at the start.
package final class TriggerPipeline: Sendable {
  /// Its counters.
  package let counters: PipelineCounters
  /// Its phase and health.
  package let state: PipelineState
  /// The last flagged events and what made them strange.
  package let recentFlags: RecentFlags
  /// The generation that decides the records that come in now.
  package var generation: GenerationFacts { generations.latest.facts }
  /// The calibration that they decide with.
  package var calibration: TriggerCalibration { generations.latest.calibration }
  /// Which rates are held, and how.
  package var rateControl: RateControlPlan { generations.latest.control }
  /// Prescales by section or time; nil where the calibration's hold.
  package var prescales: PrescaleTable? { generations.latest.rule.prescales }
  /// The comparison of the stream with that calibration's background; for the supervising thread.
  package var drift: DriftMonitor { generations.latest.drift }
  /// The counts by sender now, the unknown one first.
  package var sources: [SourceSums] { ledger.sources.snapshot() }
  /// Since when some run has been open without a pause, ns since the epoch; 0 between runs.
  package var runOpenSinceNs: UInt64 { ledger.runOpenSinceNs.value }
  /// Records that stand in the ring now.
  package var ringOccupancy: Int { ring.occupiedCount }
  /// Slots of the ring.
  package var ringCapacity: Int { ring.capacity }
  /// Where the input is bound, wildcard ports resolved.
  package let inputEndpoints: [String]
  /// Where the output is bound, wildcard ports resolved.
  package let outputEndpoints: [String]
  /// The counts of connections of each socket.
  package var connections: [ConnectionCounts] { sockets.counts }
  /// The state of the journal when it was opened, as the log has it.
  package let journalOpening: String
  /// The state of the journal now, and the room that it has.
  package let journalState = JournalState()
  /// The counts of the catch-up service.
  package let catchUpCounters = CatchUpCounters()
  /// The endpoints of the catch-up service, with wildcard ports resolved.
  package let catchUpEndpoints: [String]

  /// The reason why not all could be made durable at the end; nil where all was. For the process's
  /// exit status.
  package var endFailure: String? { state.endFailure }

  private let settings: PipelineSettings
  private let sockets: SecuredSockets
  private let observer: any PipelineObserver
  private let ring: RecordRing
  private let generations: GenerationTable
  private let ledger: RunLedgerTable
  private let schema: UInt32
  /// Taken by `run()`, so that the sockets are closed when it returns.
  private let stages: Mutex<PipelineStages?>
  private let catchUp: Mutex<CatchUpServer?>

  /// Opens sockets and journal and allocates everything.
  ///
  /// - Throws: `ZeroMQError` that names the endpoint, `FileFault` or `SystemCallError` that names
  ///   the journal's file, `FileFault` where `loaded` does not support the precision asked for.
  package init(
    settings: PipelineSettings, loaded: LoadedGeneration, observer: any PipelineObserver
  ) throws {
    let model = loaded.model.model
    let counters = PipelineCounters()
    let state = PipelineState(clock: settings.clock)
    try checkMemory(of: settings, featureCount: model.shape.featureCount)
    let ring = RecordRing(
      capacity: settings.ringCapacity, featureCount: model.shape.featureCount,
      recordByteCount: EventRecord.byteCount(featureCount: model.shape.featureCount))
    let ledger = RunLedgerTable(settings)
    let journal = try settings.openJournal(for: model)
    // Threads of ZeroMQ and of the pipeline are made by this thread and inherit the processors that
    // it may run on.
    tamis_thread_keep_off(
      settings.workerProcessors.map(Int32.init), settings.workerProcessors.count)
    let context = try Context()
    let sockets = try makingPatientThreads(settings.workers == 0) {
      try SecuredSockets(
        context, settings.security, report: { observer.handshakeFailed($0) },
        reportCut: { observer.connectionCut($0) })
    }
    let output = try OutputSocket(
      context: context, sockets: sockets, settings: settings,
      recordByteCount: FlaggedRecord.byteCount(featureCount: model.shape.featureCount),
      observer: observer)
    let input = try InputSocket(
      context: context, sockets: sockets, settings: settings, observer: observer)
    let generations = GenerationTable(
      try ModelGeneration(loaded, number: 1, settings: settings, points: counters.workingPoints))
    self.settings = settings
    self.sockets = sockets
    self.observer = observer
    self.counters = counters
    self.state = state
    self.ring = ring
    self.generations = generations
    self.ledger = ledger
    schema = model.schema
    recentFlags = RecentFlags(featureCount: model.shape.featureCount)
    inputEndpoints = input.boundEndpoints
    outputEndpoints = output.boundEndpoints
    journalOpening = journal.openingText
    let server = try CatchUpServer.opened(
      context: context, sockets: sockets, settings: settings,
      featureCount: model.shape.featureCount, journal: journalState, counters: catchUpCounters,
      observer: observer)
    catchUpEndpoints = server?.boundEndpoints ?? []
    catchUp = Mutex(server)
    stages = Mutex(
      try PipelineStages(
        settings: settings, input: input, output: output, journal: journal, ring: ring,
        generations: generations,
        ledger: ledger, schema: model.schema, counters: counters, recentFlags: recentFlags,
        state: state, show: journalState, observer: observer))
  }

  /// Runs until `stop()` was called and everything received is finished, then closes sockets and
  /// journal. Blocks its thread; a pipeline runs once.
  package func run() {
    let (sockets, observer) = (sockets, observer)
    let door = WorkerThread(name: "door") {
      do {
        try sockets.run()
      } catch {
        observer.socketFailed("peers are no longer let in: \(error)")
      }
    }
    let server = catchUp.withLock { $0.take() }
    server?.start()
    runStages()
    server?.stop()
    sockets.stop()
    door.join()
    state.end()
  }

  /// Judges the windows of the drift checks that have filled, and holds rate control while a check
  /// of its list is out of bounds. For the supervising thread, about once a second.
  package func evaluateDrift() -> [DriftChange] {
    let generation = generations.latest
    let changes = generation.drift.evaluate()
    let holding = generation.control.settings.holdingChecks
    let isDrifting = generation.drift.report.checks.contains {
      $0.isRaised && holding.contains($0.name)
    }
    generation.isDrifting.set(isDrifting ? 1 : 0)
    return changes
  }

  /// Reads the list of clients again; see `SecuredSockets.reloadClients()`.
  package func reloadClients() throws -> ClientListChange? { try sockets.reloadClients() }

  private func runStages() {
    guard let stages = stages.withLock({ $0.take() }) else { return }
    if settings.workers == 0 { stages.runInOneThread() } else { stages.runInThreads() }
  }

  /// Asks `run()` to finish what was received and return. Safe from any thread, repeatedly.
  package func stop() {
    if state.phase == .running { state.beginDraining(timeoutMs: settings.drainTimeoutMs) }
  }

  /// Decides with another generation from the next record on, and returns whether the generation
  /// was adopted. Every record is decided once, by the old or by the new generation. One thread at
  /// a time may call it.
  ///
  /// - Returns: false where the pipeline stands still: the new generation decides as soon as it moves again.
  /// - Throws: `GenerationRefusal` or `FileFault`; the generation in force stays.
  package func reload(_ candidate: LoadedGeneration, waitMs: Int = 2_000) throws -> Bool {
    try checkFits(candidate)
    generations.discard(releasedPosition: ring.releasedPosition)
    let generation = try ModelGeneration(
      candidate, number: generations.latest.number + 1, settings: settings,
      points: counters.workingPoints)
    guard generations.waitUntilSettled(timeoutMs: waitMs) else {
      throw GenerationRefusal(
        description: "the last generation has not been adopted yet: the pipeline stands "
          + "still; see /healthz for the reason and try again when it moves")
    }
    generations.install(generation)
    return generations.waitUntilSettled(timeoutMs: waitMs)
  }

  /// Discards generations that no record needs any more. For the supervising thread, now and then.
  package func discardOldGenerations() {
    generations.discard(releasedPosition: ring.releasedPosition)
  }

  /// Slots and journal hold events of one number of features and one schema for the life of the
  /// process.
  private func checkFits(_ candidate: LoadedGeneration) throws(GenerationRefusal) {
    guard state.phase == .running else {
      throw GenerationRefusal(description: "the daemon is ending")
    }
    for model in [candidate.model, candidate.shadow?.model].compactMap({ $0 }) {
      let found = model.model.shape.featureCount
      guard found == ring.featureCount else {
        throw GenerationRefusal(
          description: "\(model.path): found \(counted(found, "feature")), expected "
            + "\(ring.featureCount) as the daemon was started with; restart it to change them")
      }
      guard model.model.schema == schema else {
        throw GenerationRefusal(
          description: "\(model.path): found other feature names than the daemon was started "
            + "with; restart it to change them")
      }
    }
  }
}
