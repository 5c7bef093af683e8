internal import EventRecords
internal import ScoreEngine
internal import WorkerThreads

/// One scoring thread: claims what has arrived, scores it in place, hands it on.
final class ScoringStage: @unchecked Sendable {
  private let ring: RecordRing
  private let plan: ScoringPlan
  private let batchMax: Int
  private let workers: Int
  private let counters: PipelineCounters
  private let state: PipelineState

  init(
    ring: RecordRing, network: ScoringNetwork, batchMax: Int, workers: Int,
    counters: PipelineCounters, state: PipelineState
  ) {
    self.ring = ring
    plan = ScoringPlan(network: network, batchMax: batchMax)
    self.batchMax = batchMax
    self.workers = workers
    self.counters = counters
    self.state = state
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
    plan.score(
      events: UnsafeRawPointer(ring.record(at: first)) + EventRecord.headerByteCount,
      eventStride: ring.slotByteCount, count: range.count, scores: ring.scores(at: first),
      attributions: ring.attributions(at: first),
      attributionStride: ring.featureCount * MemoryLayout<Float>.stride)
    counters.batches.add()
    ring.complete(range)
    return true
  }
}
