internal import CLinux
internal import EventRecords
internal import WorkerThreads

/// The stages between input and output, with the threads that drive them. They own the sockets:
/// when the last reference goes the sockets close, and what is queued in the output still has its
/// linger to leave.
struct PipelineStages: Sendable {
  let ingest: IngestStage
  let scoring: [ScoringStage]
  let publish: DecideStage
  /// Scoring thread i is bound to processor i, in turn; none leaves them to the scheduler.
  let workerProcessors: [Int]

  /// Makes the stages between two ports, on a journal that is open, and goes on with the runs that
  /// an earlier process has left open.
  ///
  /// - Throws: `FileFault` or `SystemCallError` that names the journal's file.
  init(
    settings: PipelineSettings, input: any InputPort, output: any OutputPort,
    journal: FlaggedJournal, ring: RecordRing, generations: GenerationTable, ledger: RunLedgerTable,
    schema: UInt32, counters: PipelineCounters, recentFlags: RecentFlags, state: PipelineState,
    show: JournalState, observer: any PipelineObserver
  ) throws {
    let ledgers = try JournalLedgers(journal.store)
    publish = try DecideStage(
      ring: ring, generations: generations, ledger: ledger,
      output: JournaledOutput(
        journal: journal, output: output, counters: counters, state: state, observer: observer,
        settings: settings, show: show, everySecond: ledgers.synchronise),
      counters: counters, recentFlags: recentFlags, state: state, observer: observer,
      settings: settings, ledgers: ledgers)
    ingest = IngestStage(
      input: input, ring: ring, generations: generations, ledger: ledger, schema: schema,
      counters: counters, state: state, clock: settings.clock)
    scoring = (0..<max(1, settings.workers)).map { worker in
      ScoringStage(
        ring: ring, generations: generations, worker: worker, settings: settings,
        counters: counters,
        state: state)
    }
    workerProcessors = settings.workerProcessors
  }

  /// One thread each for input and output, and one for every scoring stage; the caller's is the
  /// input's. Returns when all is finished.
  func runInThreads() {
    withWorkers(2 + scoring.count, name: "tamis") { index in
      switch index {
      case 0: ingest.run()
      case 1: publish.run()
      default:
        bind(worker: index - 2)
        scoring[index - 2].run()
      }
    }
  }

  /// The caller's thread takes, scores and publishes in turn: the least latency where one core is
  /// all there is, and the same bits.
  func runInOneThread() {
    bind(worker: 0)
    let scoreAndPublish = {
      while scoring[0].step() {}
      while publish.step() {}
    }
    ingest.run(waitMs: 5, whileFull: scoreAndPublish, afterEachTurn: scoreAndPublish)
    publish.run()
  }

  /// A processor that is gone since the start is no reason to stop: the thread then runs anywhere.
  private func bind(worker: Int) {
    guard !workerProcessors.isEmpty else { return }
    _ = tamis_thread_set_affinity(CInt(workerProcessors[worker % workerProcessors.count]))
  }
}
