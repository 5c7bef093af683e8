internal import EventRecords
internal import RunFiles
internal import ScoreModel

/// The pipeline's stages without sockets and threads: the caller moves each of them, one step at a
/// time, in any order that threads could bring about. For tests that simulate time, disk and peers.
///
/// Used from one thread.
package final class SteppedPipeline {
  /// Its counters.
  package let counters = PipelineCounters()
  /// Its phase and health.
  package let state: PipelineState
  /// The state of the journal.
  package let journalState = JournalState()

  private let settings: PipelineSettings
  private let ring: RecordRing
  private let generations: GenerationTable
  private let ledger: RunLedgerTable
  private let stages: PipelineStages

  /// Opens the journal and allocates everything. The clock is the settings' one.
  ///
  /// - Throws: as `TriggerPipeline.init`.
  package init(
    settings: PipelineSettings, loaded: LoadedGeneration, input: any InputPort,
    output: any OutputPort,
    observer: any PipelineObserver
  ) throws {
    let model = loaded.model.model
    var settings = settings
    settings.flushesByHand = true
    self.settings = settings
    state = PipelineState(clock: settings.clock)
    ring = RecordRing(
      capacity: settings.ringCapacity, featureCount: model.shape.featureCount,
      recordByteCount: EventRecord.byteCount(featureCount: model.shape.featureCount))
    ledger = RunLedgerTable(settings)
    let journal = try settings.openJournal(for: model)
    generations = GenerationTable(
      try ModelGeneration(loaded, number: 1, settings: settings, points: counters.workingPoints))
    stages = try PipelineStages(
      settings: settings, input: input, output: output, journal: journal, ring: ring,
      generations: generations,
      ledger: ledger, schema: model.schema, counters: counters,
      recentFlags: RecentFlags(featureCount: model.shape.featureCount), state: state,
      show: journalState, observer: observer)
    stages.ingest.whileFull = { [unowned self] in scoreAndPublish() }
  }

  /// Takes up to `messagesMax` messages; returns whether there was one.
  package func ingest(messagesMax: Int) -> Bool {
    stages.ingest.turn(messagesMax: messagesMax, waitMs: 0)
  }

  /// Scores one batch; returns whether there was one.
  package func score(worker: Int = 0) -> Bool { stages.scoring[worker].step() }

  /// Decides and hands on one scored batch, and does the work that is due; returns whether there was
  /// a batch.
  package func publish() -> Bool { stages.publish.step() }

  /// Waits for the disk as its thread does, where there is something to wait for.
  package func flush() { stages.publish.output.flusher.turn() }

  /// Grows whenever all that the accounts of runs say has come to the disk.
  package var synchronisedCount: Int { stages.publish.ledgerState.synchronisedCount }

  /// Decides with another generation from the next record on; false where the last was not adopted
  /// yet.
  package func reload(_ candidate: LoadedGeneration) throws -> Bool {
    generations.discard(releasedPosition: ring.releasedPosition)
    guard generations.isSettled else { return false }
    generations.install(
      try ModelGeneration(
        candidate, number: generations.latest.number + 1, settings: settings,
        points: counters.workingPoints))
    return true
  }

  /// Whether nothing is between input and output.
  package var isIdle: Bool { ring.isEmpty }

  /// Records that are accounted to some sender, or to none.
  package var receivedTotal: UInt64 {
    ledger.sources.snapshot().reduce(0) { $0 + $1.received }
  }

  /// Asks it to finish the events that it has received.
  package func stop() {
    if state.phase == .running { state.beginDraining(timeoutMs: settings.drainTimeoutMs) }
  }

  /// Says that nothing comes in any more.
  package func endInput() {
    state.endInput()
    ring.announceArrivals()
  }

  /// Whether the publishing stage would end now.
  package var isOver: Bool { stages.publish.isOver }

  /// Closes ledgers and journal. Nothing may be called after it.
  package func finish() { stages.publish.finish() }

  private func scoreAndPublish() {
    while score() {}
    while publish() {}
  }
}
