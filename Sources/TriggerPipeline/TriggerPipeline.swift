internal import CLinux
internal import DurableFiles
internal import EventRecords
public import ScoreEngine
public import ScoreModel
internal import Synchronization
internal import ZeroMQ

/// The whole way of an event: input socket, checks, scoring, decision, journal, output socket.
///
/// All memory is allocated when it is made; sockets are bound then too, so that what is wrong with
/// the configuration is an error at start and not an hour later.
public final class TriggerPipeline: Sendable {
  /// What the pipeline counts.
  public let counters: PipelineCounters
  /// Its phase and health.
  public let state: PipelineState
  /// The thresholds and prescales in force.
  public let rule: DecisionRule
  /// The margin of the screen; nil where every event is scored exactly.
  public let screenMargin: Double?
  /// The senders seen so far, the unknown one first.
  public var sources: [SourceCounters] { ledger.sources.all }
  /// Records that stand in the ring now.
  public var ringOccupancy: Int { ring.occupiedCount }
  /// Slots of the ring.
  public var ringCapacity: Int { ring.capacity }
  /// Where the input is bound, wildcard ports resolved.
  public let inputEndpoints: [String]
  /// Where the output is bound, wildcard ports resolved.
  public let outputEndpoints: [String]
  /// What the journal held when it was opened.
  public let journalOpening: String
  /// What the journal holds now, and the room it has.
  public let journalState = JournalState()
  /// What was asked for by number, and how it was answered.
  public let catchUpCounters = CatchUpCounters()
  /// Where records are asked for by number, wildcard ports resolved.
  public let catchUpEndpoints: [String]

  private let settings: PipelineSettings
  private let ring: RecordRing
  private let ledger: RunLedgerTable
  /// Taken by `run()`, so that the sockets are closed when it returns.
  private let stages: Mutex<PipelineStages?>
  private let catchUp: Mutex<CatchUpServer?>

  /// Opens sockets and journal and allocates everything.
  ///
  /// - Throws: `ZeroMQError` that names the endpoint, `FileFault` or `SystemCallError` that names
  ///   the journal's file.
  public init(
    settings: PipelineSettings, loaded: LoadedModel, armed: ArmedCalibration,
    instructionSet: InstructionSet, observer: any PipelineObserver
  ) throws {
    let model = loaded.model
    let rule = DecisionRule(armed.calibration, unbiasedPrescale: settings.unbiasedPrescale)
    let counters = PipelineCounters(workingPointCount: rule.routes.count)
    let state = PipelineState()
    let precision = try armed.precision(
      isScreened: settings.isScreened, model: loaded, instructionSet: instructionSet)
    let ring = RecordRing(
      capacity: settings.ringCapacity, featureCount: model.shape.featureCount,
      recordByteCount: EventRecord.byteCount(featureCount: model.shape.featureCount))
    let ledger = RunLedgerTable()
    let journal = try FlaggedJournal(
      folder: settings.journalPath, featureCount: model.shape.featureCount,
      featureNames: model.featureNames, segmentByteCountMax: settings.segmentByteCountMax)
    // Threads of ZeroMQ and of the pipeline come from this one and inherit where they may run.
    tamis_thread_keep_off(
      settings.workerProcessors.map(Int32.init), settings.workerProcessors.count)
    let context = try Context()
    let output = try OutputSocket(context: context, settings: settings, observer: observer)
    let input = try InputSocket(context: context, settings: settings, observer: observer)
    self.settings = settings
    self.rule = rule
    screenMargin = precision.screening?.margin
    self.counters = counters
    self.state = state
    self.ring = ring
    self.ledger = ledger
    inputEndpoints = input.boundEndpoints
    outputEndpoints = output.boundEndpoints
    journalOpening = Self.summary(of: journal)
    let ingest = IngestStage(
      input: input, ring: ring, ledger: ledger, schema: model.schema, counters: counters,
      state: state)
    let scoring = (0..<max(1, settings.workers)).map { _ in
      ScoringStage(
        ring: ring, precision: precision, unbiasedPrescale: settings.unbiasedPrescale,
        batchMax: settings.batchMax, workers: max(1, settings.workers), counters: counters,
        state: state)
    }
    scoring.forEach { $0.warmUp() }
    let server = try CatchUpServer.opened(
      context: context, settings: settings, featureCount: model.shape.featureCount,
      journal: journalState, counters: catchUpCounters, observer: observer)
    catchUpEndpoints = server?.boundEndpoints ?? []
    catchUp = Mutex(server)
    let publish = try PublishStage(
      ring: ring, rule: rule,
      origin: FlaggedOrigin(
        instance: settings.instance, model: loaded.sha256.prefix, calibration: armed.sha256.prefix),
      ledger: ledger,
      output: JournaledOutput(
        journal: journal, output: output, counters: counters, state: state, observer: observer,
        settings: settings, show: journalState),
      counters: counters, state: state, observer: observer, settings: settings)
    stages = Mutex(
      PipelineStages(
        ingest: ingest, scoring: scoring, publish: publish,
        workerProcessors: settings.workerProcessors))
  }

  /// Runs until `stop()` was called and everything received is finished, then closes sockets and
  /// journal. Blocks its thread; a pipeline runs once.
  public func run() {
    let server = catchUp.withLock { $0.take() }
    server?.start()
    runStages()
    server?.stop()
    state.end()
  }

  private func runStages() {
    guard let stages = stages.withLock({ $0.take() }) else { return }
    if settings.workers == 0 { stages.runInOneThread() } else { stages.runInThreads() }
  }

  /// Asks `run()` to finish what was received and return. Safe from any thread, repeatedly.
  public func stop() {
    if state.phase == .running { state.beginDraining(timeoutMs: settings.drainTimeoutMs) }
  }

  private static func summary(of journal: FlaggedJournal) -> String {
    let repaired = journal.recovery.lines.map { "; \($0)" }.joined()
    return "\(journal.folder), next number \(journal.nextNumber), last published "
      + "\(journal.publishedNumber)\(repaired)"
  }
}
