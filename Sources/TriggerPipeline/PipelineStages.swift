internal import CLinux
internal import EventRecords
internal import RunFiles
internal import WorkerThreads

/// The stages between input and output, with the threads that drive them. They own the sockets.
/// When the last reference goes the sockets close; queued records of the output then still have the
/// linger time to leave.
struct PipelineStages: Sendable {
  let ingest: IngestStage
  let scoring: [ScoringStage]
  let publish: DecideStage
  private let ring: RecordRing
  /// Scoring threads are bound to these processors, in turn. An empty list leaves them to the
  /// scheduler.
  let workerProcessors: [Int]

  /// Makes the stages between two ports, on an open journal, and resumes the runs that an earlier
  /// process has left open.
  ///
  /// - Throws: `FileFault` or `SystemCallError` that names the journal's file.
  init(
    settings: PipelineSettings, input: any InputPort, output: any OutputPort,
    journal: FlaggedJournal, ring: RecordRing, generations: GenerationTable, ledger: RunLedgerTable,
    schema: UInt32, counters: PipelineCounters, recentFlags: RecentFlags, state: PipelineState,
    show: JournalState, observer: any PipelineObserver
  ) throws {
    self.ring = ring
    let ledgers = try JournalLedgers(journal.store)
    for note in ledgers.notes { observer.journalWarned(note) }
    publish = try DecideStage(
      ring: ring, generations: generations, ledger: ledger,
      output: JournaledOutput(
        journal: journal, output: output, counters: counters, state: state, observer: observer,
        settings: settings, show: show, everySecond: ledgers.synchronise),
      counters: counters, recentFlags: recentFlags, state: state, observer: observer,
      settings: settings, ledgers: ledgers)
    ingest = IngestStage(
      input: input, ring: ring, generations: generations, ledger: ledger, schema: schema,
      batchMax: settings.batchMax, counters: counters, state: state, clock: settings.clock)
    scoring = (0..<max(1, settings.workers)).map { worker in
      ScoringStage(
        ring: ring, generations: generations, worker: worker, settings: settings,
        counters: counters,
        state: state)
    }
    workerProcessors = settings.workerProcessors
  }

  /// One thread each for input and output, and one for every scoring stage. The caller's thread is
  /// that of the input. Returns when all is finished.
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

  /// The caller's thread takes, scores and publishes in turn. This has the least latency on a
  /// single core, and gives the same bits.
  func runInOneThread() {
    bind(worker: 0)
    let (scoring, publish, ring) = (scoring, publish, ring)
    let scoreAndPublish = {
      while scoring[0].step() {}
      while publish.step() {}
    }
    let finishTurn = {
      scoreAndPublish()
      ring.rewind()
    }
    ingest.run(waitMs: 5, whileFull: scoreAndPublish, afterEachTurn: finishTurn)
    publish.run()
  }

  /// Where the processor has gone since the start the thread runs on any other.
  private func bind(worker: Int) {
    guard !workerProcessors.isEmpty else { return }
    _ = tamis_thread_set_affinity(CInt(workerProcessors[worker % workerProcessors.count]))
  }
}
