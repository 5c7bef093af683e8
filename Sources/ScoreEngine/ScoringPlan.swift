/// All buffers that scoring needs, made once. One thread at a time may use a plan.
public final class ScoringPlan {
  /// The network scored with.
  public let network: ScoringNetwork
  /// The most events of one call.
  public let batchMax: Int
  private let memory: FloatMemory
  let pass: ScoringPass

  /// Allocates the buffers; nothing is allocated later. Traps where `batchMax` is below 1.
  ///
  /// Their size does not depend on `batchMax`, since a batch is scored a few events at a time.
  public init(network: ScoringNetwork, batchMax: Int) {
    precondition(batchMax >= 1)
    self.network = network
    self.batchMax = batchMax
    memory = FloatMemory(pieces: ScoringBuffers.pieces(network.packed))
    pass = ScoringPass(
      network: network.packed, buffers: ScoringBuffers(network.packed, memory: memory))
  }

  /// Scores a batch. An event's score and attributions are the same bits whatever the batch, its
  /// place in it, the thread and the instruction set. Allocates nothing and takes no lock. Traps
  /// where `count` is out of range.
  ///
  /// An event with a feature that is NaN or infinite gets the score NaN and attributions NaN.
  /// Where finite features drive the network past the range of float32, attributions that would
  /// be NaN are +infinity, and so is the score.
  ///
  /// - Parameters:
  ///   - events: D raw float32 an event, of any alignment; event i begins at byte i * eventStride.
  ///   - eventStride: bytes from one event to the next.
  ///   - count: the number of events, 0 ... `batchMax`.
  ///   - scores: receives `count` floats.
  ///   - attributions: nil, or receives D floats for each event, those of event i from byte i *
  ///     `attributionStride` on. Added up in the order that `docs/method-engine.md` gives, they are
  ///     the score, bit for bit.
  ///   - attributionStride: bytes from one event's attributions to the next.
  @_noLocks public func score(
    events: UnsafeRawPointer, eventStride: Int, count: Int, scores: UnsafeMutablePointer<Float>,
    attributions: UnsafeMutablePointer<Float>?, attributionStride: Int
  ) {
    // A copy, since the condition is a closure and would count a reference to this object.
    let countMax = batchMax
    precondition(count >= 0 && count <= countMax, "more events than the plan was made for")
    pass.score(
      ChosenEvents(allOf: count), of: events, eventStride: eventStride, scores: scores,
      attributions: UnsafeMutableRawPointer(attributions), attributionStride: attributionStride)
  }
}
