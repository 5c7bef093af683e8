/// All buffers that screened scoring needs, made once. One thread at a time may use a plan.
///
/// Every event gets a screen score, and those that the screen does not rule out an exact one: a
/// score above the threshold is always exact, to the bit.
public final class ScreenedPlan {
  /// The network screened with.
  public let network: ScreenNetwork
  /// Which events are scored exactly.
  public let screening: Screening
  /// The most events of one call.
  public let batchMax: Int
  private let memory: FloatMemory
  let pass: ScreenedPass

  /// Allocates the buffers; nothing is allocated later.
  public init(network: ScreenNetwork, screening: Screening, batchMax: Int) {
    precondition(batchMax >= 1 && batchMax <= Int(Int32.max))
    self.network = network
    self.screening = screening
    self.batchMax = batchMax
    memory = FloatMemory(
      pieces: ScreenBuffers.pieces(network.packed) + ScoringBuffers.pieces(network.exact.packed)
        + [batchMax, batchMax])
    let screen = ScreenPass(
      network: network.packed, buffers: ScreenBuffers(network.packed, memory: memory))
    let exact = ScoringPass(
      network: network.exact.packed, buffers: ScoringBuffers(network.exact.packed, memory: memory))
    pass = ScreenedPass(
      screen: screen, exact: exact, limit: screening.limit, threshold: screening.threshold,
      scores: memory.take(batchMax),
      chosen: UnsafeMutableRawPointer(memory.take(batchMax))
        .bindMemory(to: Int32.self, capacity: batchMax))
  }

  /// Screens a batch and scores exactly each event whose screen score is at least
  /// `screening.limit`, infinite or NaN, and each sampled one. The scores are the same bits
  /// whatever the batch, the thread and the instruction set. Allocates nothing and takes no lock.
  ///
  /// - Parameters:
  ///   - events, eventStride, count, attributionStride: as in `ScoringPlan.score`.
  ///   - isSampled: nil, or `count` values: whether to score an event exactly whatever the screen
  ///     says of it.
  ///   - scores: receives `count` floats: exact scores, and the screen's where that was enough.
  ///   - attributions: nil, or receives D floats for each event that was scored exactly; those of
  ///     the others keep what they were.
  /// - Returns: how many were scored exactly, and how well the screen did on them.
  @_noLocks public func score(
    events: UnsafeRawPointer, eventStride: Int, count: Int, isSampled: UnsafePointer<Bool>?,
    scores: UnsafeMutablePointer<Float>, attributions: UnsafeMutablePointer<Float>?,
    attributionStride: Int
  ) -> ScreeningOutcome {
    let countMax = batchMax
    precondition(count >= 0 && count <= countMax, "more events than the plan was made for")
    return pass.score(
      events: events, eventStride: eventStride, count: count, isSampled: isSampled,
      scores: scores, attributions: attributions, attributionStride: attributionStride)
  }
}
