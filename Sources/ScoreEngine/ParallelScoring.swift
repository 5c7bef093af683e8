internal import WorkerThreads

/// Scores a long list of events on several threads and hands the results back in input order.
///
/// The workers read and score chunks of up to `batchMax` events. `consume` gets them on the calling
/// thread, one after another. At most two chunks for each worker and two more are in memory at any
/// time. The scores are the same bits whatever the number of workers. Traps where `workers` or
/// `batchMax` is below 1, or `eventCount` below 0.
///
/// - Parameters:
///   - precision: the network, and the arithmetic. Where it is screened, an event that the screen
///     rules out has its screen score, and its attributions mean nothing.
///   - workers: how many threads read and score, at least 1. One means the calling thread alone.
///   - eventCount: the number of events.
///   - batchMax: the most events of a chunk.
///   - wantsAttributions: whether `consume` gets attributions.
///   - isSampled: whether the event of an index is scored exactly whatever its screen score is.
///   - readFeatures: writes the raw features of a range of events, row-major. Called from any
///     worker, for several ranges at the same time.
///   - consume: gets the scores of a range of events and, if wanted, D attributions for each,
///     row-major. Called on the calling thread, with ranges that ascend without gaps.
/// - Throws: the first error in input order that `readFeatures` throws, after the chunks before it
///   have been consumed, or what `consume` throws. No thread is left behind.
public func scoreInParallel(
  _ precision: ScoringPrecision, workers: Int, eventCount: Int, batchMax: Int,
  wantsAttributions: Bool, isSampled: (@Sendable (Int) -> Bool)? = nil,
  readFeatures: @Sendable (Range<Int>, UnsafeMutablePointer<Float>) throws -> Void,
  consume: (
    _ events: Range<Int>, _ scores: UnsafePointer<Float>, _ attributions: UnsafePointer<Float>?
  ) throws -> Void
) throws {
  precondition(workers >= 1 && eventCount >= 0 && batchMax >= 1)
  let chunkCount = (eventCount + batchMax - 1) / batchMax
  let workerCount = min(workers, chunkCount)
  func makeChunk() -> ScoredChunk {
    ScoredChunk(
      featureCount: precision.network.featureCount, eventMax: batchMax,
      wantsAttributions: wantsAttributions, isSampled: isSampled)
  }
  guard workerCount > 1 else {
    let chunk = makeChunk()
    let scorer = EventScorer(precision, batchMax: batchMax)
    for index in 0..<chunkCount {
      chunk.fill(events(ofChunk: index, of: eventCount, batchMax), scorer, readFeatures)
      try chunk.hand(to: consume)
    }
    return
  }
  let queue = ChunkQueue(
    chunks: (0..<2 * workerCount + 2).map { _ in makeChunk() }, chunkCount: chunkCount)
  // The threads are joined before this function returns.
  try withoutActuallyEscaping(readFeatures) { readFeatures in
    try withThreads(workerCount, name: "score") {
      let scorer = EventScorer(precision, batchMax: batchMax)
      queue.produceAll { index, chunk in
        chunk.fill(events(ofChunk: index, of: eventCount, batchMax), scorer, readFeatures)
      }
    } during: {
      defer { queue.stop() }
      try queue.consumeAll { chunk in try chunk.hand(to: consume) }
    }
  }
}

/// Scores a long list of events on several threads, all exactly, and hands the results back in
/// input order. See
/// `scoreInParallel(_:workers:eventCount:batchMax:wantsAttributions:isSampled:readFeatures:consume:)`.
public func scoreInParallel(
  network: ScoringNetwork, workers: Int, eventCount: Int, batchMax: Int,
  wantsAttributions: Bool,
  readFeatures: @Sendable (Range<Int>, UnsafeMutablePointer<Float>) throws -> Void,
  consume: (
    _ events: Range<Int>, _ scores: UnsafePointer<Float>, _ attributions: UnsafePointer<Float>?
  ) throws -> Void
) throws {
  try scoreInParallel(
    .exact(network), workers: workers, eventCount: eventCount, batchMax: batchMax,
    wantsAttributions: wantsAttributions, readFeatures: readFeatures, consume: consume)
}

private func events(ofChunk index: Int, of eventCount: Int, _ batchMax: Int) -> Range<Int> {
  index * batchMax..<min((index + 1) * batchMax, eventCount)
}

/// Runs `body` on `count` new threads and `foreground` on this one; returns when all have ended.
private func withThreads(
  _ count: Int, name: String, body: @escaping @Sendable () -> Void,
  during foreground: () throws -> Void
) throws {
  guard count > 0 else { return try foreground() }
  let thread = WorkerThread(name: "\(name)-\(count)", body: body)
  let outcome = Result { try withThreads(count - 1, name: name, body: body, during: foreground) }
  thread.join()
  try outcome.get()
}
