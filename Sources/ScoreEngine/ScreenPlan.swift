/// Screen scores alone. A calibration measures the screen with it, and a benchmark its speed. One
/// thread at a time may use a plan.
public final class ScreenPlan {
  /// The network screened with.
  public let network: ScreenNetwork
  /// The most events of one call.
  public let batchMax: Int
  private let memory: FloatMemory
  private let pass: ScreenPass

  /// Allocates the buffers; nothing is allocated later. Traps where `batchMax` is below 1.
  public init(network: ScreenNetwork, batchMax: Int) {
    precondition(batchMax >= 1)
    self.network = network
    self.batchMax = batchMax
    memory = FloatMemory(pieces: ScreenBuffers.pieces(network.packed))
    pass = ScreenPass(
      network: network.packed, buffers: ScreenBuffers(network.packed, memory: memory))
  }

  /// Writes the screen scores of a batch. An event with a feature that is not finite gets NaN, and
  /// an event beyond the screen's range +infinity. Traps where `count` is out of range.
  ///
  /// - Parameters:
  ///   - events: D raw float32 an event, of any alignment; event i begins at byte i * eventStride.
  ///   - eventStride: bytes from one event to the next.
  ///   - count: the number of events, 0 ... `batchMax`.
  ///   - scores: receives `count` floats.
  @_noLocks public func score(
    events: UnsafeRawPointer, eventStride: Int, count: Int, scores: UnsafeMutablePointer<Float>
  ) {
    let countMax = batchMax
    precondition(count >= 0 && count <= countMax, "more events than the plan was made for")
    pass.score(events: events, eventStride: eventStride, count: count, scores: scores)
  }
}
