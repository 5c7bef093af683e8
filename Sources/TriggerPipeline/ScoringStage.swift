internal import EventRecords
internal import ScoreEngine
internal import WorkerThreads

/// One scoring thread: claims what has arrived, scores it in place, hands it on.
///
/// `@unchecked`: its state belongs to the thread of this worker alone.
final class ScoringStage: @unchecked Sendable {
  private let ring: RecordRing
  private let generations: GenerationTable
  private var current: ModelGeneration
  /// Which of a generation's scorers is this thread's.
  private let worker: Int
  private let workerCount: Int
  private let unbiasedPrescale: UInt32
  /// Screened: whether an event of the batch is in the unbiased sample, which is scored exactly.
  private let isSampled: UnsafeMutablePointer<Bool>?
  private let batchMax: Int
  private let attributionStride: Int
  private let counters: PipelineCounters
  private let state: PipelineState

  init(
    ring: RecordRing, generations: GenerationTable, worker: Int, settings: PipelineSettings,
    counters: PipelineCounters, state: PipelineState
  ) {
    self.ring = ring
    self.generations = generations
    self.worker = worker
    workerCount = max(1, settings.workers)
    current = generations.latest
    unbiasedPrescale = settings.unbiasedPrescale
    batchMax = settings.batchMax
    attributionStride = ring.featureCount * MemoryLayout<Float>.stride
    isSampled =
      settings.isScreened && settings.unbiasedPrescale > 0
      ? .allocate(capacity: settings.batchMax) : nil
    isSampled?.initialize(repeating: false, count: settings.batchMax)
    self.counters = counters
    self.state = state
  }

  deinit { isSampled?.deallocate() }

  /// Works until the input has ended and nothing is left to score.
  func run() {
    while true {
      let seen = ring.arrivals.value
      if step() { continue }
      if state.hasInputEnded && ring.unclaimedCount == 0 { return }
      ring.arrivals.wait(while: seen, timeoutNs: 50_000_000, spins: 200)
    }
  }

  /// Scores one batch, if anything waits. Control records are scored with the rest: they are rare,
  /// and a batch without holes is simpler and faster than one with them.
  func step() -> Bool {
    guard let range = ring.claim(batchMax: batchMax, workers: workerCount) else { return false }
    let generation = ring.generation(at: range.lowerBound)
    if generation != current.number { current = generations.generation(generation) }
    markSampled(range)
    let outcome = score(
      range, with: current.scorers[worker], scores: ring.scores(at: range.lowerBound),
      attributions: ring.attributions(at: range.lowerBound))
    if outcome.rescored > 0 { count(outcome) }
    if let shadow = current.shadow {
      _ = score(
        range, with: shadow.scorers[worker], scores: ring.shadowScores(at: range.lowerBound),
        attributions: nil)
    }
    counters.batches.add()
    ring.complete(range)
    return true
  }

  private func score(
    _ range: Range<Int>, with scorer: EventScorer, scores: UnsafeMutablePointer<Float>,
    attributions: UnsafeMutablePointer<Float>?
  ) -> ScreeningOutcome {
    scorer.score(
      events: UnsafeRawPointer(ring.record(at: range.lowerBound)) + EventRecord.headerByteCount,
      eventStride: ring.slotByteCount, count: range.count, isSampled: UnsafePointer(isSampled),
      scores: scores, attributions: attributions, attributionStride: attributionStride)
  }

  /// The sample is chosen by the events' identities, so the publishing thread will find the same.
  private func markSampled(_ range: Range<Int>) {
    guard let isSampled else { return }
    for (place, position) in range.enumerated() {
      let event = EventRecordView(ring.record(at: position))
      isSampled[place] =
        !event.flags.contains(.simulated)
        && PrescaleHash(
          run: event.run, source: event.source, sequence: event.sequence, event: event.event
        ).passes(prescale: unbiasedPrescale)
    }
  }

  private func count(_ outcome: ScreeningOutcome) {
    counters.rescored.add(UInt64(outcome.rescored))
    counters.audited.add(UInt64(outcome.audited))
    counters.screenMissed.add(UInt64(outcome.missed))
    // Positive floats are ordered as their bits are.
    counters.screenShortfallBits.raise(to: UInt64(outcome.shortfallMax.bitPattern))
  }
}
