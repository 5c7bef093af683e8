/// All buffers that screened scoring needs, made once. One thread at a time may use a plan.
///
/// Every event gets a screen score. An event that the screen does not rule out gets an exact score
/// as well. A score above the threshold is therefore always exact, to the bit.
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
  ///
  /// Traps where `batchMax` is not in 1 ... 2,147,483,647.
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
      quietLimit: screening.quietLimit, quietThreshold: screening.quietThreshold,
      scores: memory.take(batchMax),
      chosen: UnsafeMutableRawPointer(memory.take(batchMax))
        .bindMemory(to: Int32.self, capacity: batchMax))
  }

  /// Screens a batch, and scores the events exactly that need it: those whose screen score is at
  /// least `screening.limit`, is below `screening.quietLimit` or is NaN, and the sampled ones. The scores are the same bits whatever
  /// the batch, the thread and the instruction set. Allocates nothing and takes no lock. Traps
  /// where `count` is out of range.
  ///
  /// - Parameters:
  ///   - events: D raw float32 an event, of any alignment; event i begins at byte i * eventStride.
  ///   - eventStride: bytes from one event to the next.
  ///   - count: the number of events, 0 ... `batchMax`.
  ///   - isSampled: nil, or `count` values: whether to score an event exactly whatever its screen
  ///     score is.
  ///   - scores: receives `count` floats: the exact score of an event that has one, else its screen
  ///     score.
  ///   - attributions: nil, or receives D floats for each event that was scored exactly. The floats
  ///     of the other events are not written.
  ///   - attributionStride: bytes from one event's attributions to the next.
  /// - Returns: how many events were scored exactly, and how well the screen did on them.
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
