internal import EventRecords
internal import ScoreEngine
internal import WorkerThreads

/// One scoring thread: claims what has arrived, scores it in place, hands it on.
final class ScoringStage: @unchecked Sendable {
  private let ring: RecordRing
  private let scorer: EventScorer
  private let unbiasedPrescale: UInt32
  /// Screened: whether an event of the batch is in the unbiased sample, which is scored exactly.
  private let isSampled: UnsafeMutablePointer<Bool>?
  private let batchMax: Int
  private let workers: Int
  private let counters: PipelineCounters
  private let state: PipelineState

  init(
    ring: RecordRing, precision: ScoringPrecision, unbiasedPrescale: UInt32, batchMax: Int,
    workers: Int, counters: PipelineCounters, state: PipelineState
  ) {
    self.ring = ring
    self.unbiasedPrescale = unbiasedPrescale
    scorer = EventScorer(precision, batchMax: batchMax)
    isSampled = precision.isExact || unbiasedPrescale == 0 ? nil : .allocate(capacity: batchMax)
    isSampled?.initialize(repeating: false, count: batchMax)
    self.batchMax = batchMax
    self.workers = workers
    self.counters = counters
    self.state = state
  }

  deinit { isSampled?.deallocate() }

  /// Scores the ring's empty slots once, so that the first event finds code, weights and buffers
  /// where they are fast. Before the first record, from one thread.
  func warmUp() {
    for count in [1, min(batchMax, ring.capacity)] {
      _ = scorer.score(
        events: UnsafeRawPointer(ring.record(at: 0)) + EventRecord.headerByteCount,
        eventStride: ring.slotByteCount, count: count, isSampled: nil, scores: ring.scores(at: 0),
        attributions: ring.attributions(at: 0),
        attributionStride: ring.featureCount * MemoryLayout<Float>.stride)
    }
  }

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
    guard let range = ring.claim(batchMax: batchMax, workers: workers) else { return false }
    let first = range.lowerBound
    markSampled(range)
    let outcome = scorer.score(
      events: UnsafeRawPointer(ring.record(at: first)) + EventRecord.headerByteCount,
      eventStride: ring.slotByteCount, count: range.count, isSampled: UnsafePointer(isSampled),
      scores: ring.scores(at: first), attributions: ring.attributions(at: first),
      attributionStride: ring.featureCount * MemoryLayout<Float>.stride)
    counters.batches.add()
    if outcome.rescored > 0 { count(outcome) }
    ring.complete(range)
    return true
  }

  /// The sample is chosen by the events' identities, so the publishing thread will find the same.
  private func markSampled(_ range: Range<Int>) {
    guard let isSampled else { return }
    for (place, position) in range.enumerated() {
      let event = EventRecordView(ring.record(at: position))
      isSampled[place] = PrescaleHash(
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
