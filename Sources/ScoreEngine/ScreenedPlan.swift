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
  private let parts: Parts

  /// What a call works with, as plain values: nothing to count references of.
  private struct Parts {
    let screen: ScreenPass
    let exact: ScoringPass
    let limit: Float
    let threshold: Float
    /// The screen scores of a batch.
    let scores: UnsafeMutablePointer<Float>
    /// The places of the events that are scored exactly.
    let chosen: UnsafeMutablePointer<Int32>
  }

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
    parts = Parts(
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
    let parts = parts
    parts.screen.score(
      events: events, eventStride: eventStride, count: count, scores: parts.scores)
    var outcome = ScreeningOutcome()
    for event in 0..<count {
      let screened = parts.scores[event]
      scores[event] = screened
      // Not "at least the limit": NaN is scored exactly too.
      if !(screened < parts.limit) || isSampled?[event] == true {
        parts.chosen[outcome.rescored] = Int32(truncatingIfNeeded: event)
        outcome.rescored += 1
      }
    }
    parts.exact.score(
      ChosenEvents(parts.chosen, count: outcome.rescored), of: events, eventStride: eventStride,
      scores: scores, attributions: UnsafeMutableRawPointer(attributions),
      attributionStride: attributionStride)
    for index in 0..<outcome.rescored {
      let event = Int(parts.chosen[index])
      let (exact, screened) = (scores[event], parts.scores[event])
      let isAbove = exact > parts.threshold
      if isSampled?[event] == true {
        outcome.audited += 1
        if isAbove && screened < parts.limit { outcome.missed += 1 }
      }
      if isAbove {
        let shortfall = (exact - screened) / exact
        if shortfall > outcome.shortfallMax { outcome.shortfallMax = shortfall }
      }
    }
    return outcome
  }
}

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
