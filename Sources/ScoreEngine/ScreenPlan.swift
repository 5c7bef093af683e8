/// Screen scores alone: how a calibration measures the screen, and a benchmark its speed.
public final class ScreenPlan {
  /// The network screened with.
  public let network: ScreenNetwork
  /// The most events of one call.
  public let batchMax: Int
  private let memory: FloatMemory
  private let pass: ScreenPass

  /// Allocates the buffers; nothing is allocated later.
  public init(network: ScreenNetwork, batchMax: Int) {
    precondition(batchMax >= 1)
    self.network = network
    self.batchMax = batchMax
    memory = FloatMemory(pieces: ScreenBuffers.pieces(network.packed))
    pass = ScreenPass(
      network: network.packed, buffers: ScreenBuffers(network.packed, memory: memory))
  }

  /// Writes the screen scores of a batch; parameters as in `ScoringPlan.score`. An event with a
  /// non-finite feature gets NaN, one beyond the screen's range +infinity.
  @_noLocks public func score(
    events: UnsafeRawPointer, eventStride: Int, count: Int, scores: UnsafeMutablePointer<Float>
  ) {
    let countMax = batchMax
    precondition(count >= 0 && count <= countMax, "more events than the plan was made for")
    pass.score(events: events, eventStride: eventStride, count: count, scores: scores)
  }
}
