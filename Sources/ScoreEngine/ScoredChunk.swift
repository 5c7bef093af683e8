/// Room for a range of events: their raw features, scores and, if wanted, attributions.
///
/// One thread at a time uses a chunk; the `ChunkQueue` says which.
///
/// `@unchecked`: the queue hands a chunk from thread to thread with release and acquire.
final class ScoredChunk: @unchecked Sendable {
  private let memory: FloatMemory
  private let features: UnsafeMutablePointer<Float>
  private let scores: UnsafeMutablePointer<Float>
  private let attributions: UnsafeMutablePointer<Float>?
  private let featureCount: Int
  private let isSampled: (@Sendable (Int) -> Bool)?
  private var sampled: [Bool]
  private var events = 0..<0
  private var failure: (any Error)?

  init(
    featureCount: Int, eventMax: Int, wantsAttributions: Bool,
    isSampled: (@Sendable (Int) -> Bool)?
  ) {
    self.featureCount = featureCount
    self.isSampled = isSampled
    sampled = [Bool](repeating: false, count: isSampled == nil ? 0 : eventMax)
    let rowsLength = eventMax * featureCount
    memory = FloatMemory(pieces: [rowsLength, eventMax, wantsAttributions ? rowsLength : 0])
    features = memory.take(rowsLength)
    scores = memory.take(eventMax)
    attributions = wantsAttributions ? memory.take(rowsLength) : nil
  }

  /// Reads and scores a range of events. An error is kept until `hand`, which throws it in input
  /// order.
  func fill(
    _ range: Range<Int>, _ scorer: EventScorer,
    _ readFeatures: (Range<Int>, UnsafeMutablePointer<Float>) throws -> Void
  ) {
    events = range
    failure = nil
    do {
      try readFeatures(range, features)
      let stride = featureCount * MemoryLayout<Float>.stride
      if let isSampled {
        for (place, event) in range.enumerated() { sampled[place] = isSampled(event) }
      }
      sampled.withUnsafeBufferPointer { sampled in
        _ = scorer.score(
          events: features, eventStride: stride, count: range.count,
          isSampled: isSampled == nil ? nil : sampled.baseAddress, scores: scores,
          attributions: attributions, attributionStride: stride)
      }
    } catch {
      failure = error
    }
  }

  /// Gives the results to `consume`, or throws the error that was met when they were made.
  func hand(
    to consume: (Range<Int>, UnsafePointer<Float>, UnsafePointer<Float>?) throws -> Void
  ) throws {
    if let failure { throw failure }
    try consume(events, scores, attributions.map { UnsafePointer($0) })
  }
}
