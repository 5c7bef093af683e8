/// The screen, and the exact network for the events that it does not rule out. Both are plain
/// values: using them counts no references.
struct ScreenedPass {
  let screen: ScreenPass
  let exact: ScoringPass
  let limit: Float
  let threshold: Float
  let quietLimit: Float
  let quietThreshold: Float
  /// The screen scores of a batch.
  let scores: UnsafeMutablePointer<Float>
  /// The places of the events that are scored exactly.
  let chosen: UnsafeMutablePointer<Int32>

  /// Lengths in floats of the pieces of memory for `scores` and `chosen`.
  static func pieces(batchMax: Int) -> [Int] { [batchMax, batchMax] }

  init(network: ScreenNetwork, screening: Screening, batchMax: Int, memory: FloatMemory) {
    screen = ScreenPass(
      network: network.packed, buffers: ScreenBuffers(network.packed, memory: memory))
    exact = ScoringPass(
      network: network.exact.packed, buffers: ScoringBuffers(network.exact.packed, memory: memory))
    limit = screening.limit
    threshold = screening.threshold
    quietLimit = screening.quietLimit
    quietThreshold = screening.quietThreshold
    scores = memory.take(batchMax)
    chosen = UnsafeMutableRawPointer(memory.take(batchMax))
      .bindMemory(to: Int32.self, capacity: batchMax)
  }

  /// As `EventScorer.score`.
  @_noLocks func score(
    events: UnsafeRawPointer, eventStride: Int, count: Int, isSampled: UnsafePointer<Bool>?,
    scores: UnsafeMutablePointer<Float>, attributions: UnsafeMutablePointer<Float>?,
    attributionStride: Int
  ) -> ScreeningOutcome {
    screen.score(events: events, eventStride: eventStride, count: count, scores: self.scores)
    var outcome = ScreeningOutcome()
    for event in 0..<count {
      scores[event] = self.scores[event]
      // Not "at least the limit": NaN is scored exactly too.
      let isBetween = self.scores[event] < limit && self.scores[event] >= quietLimit
      if !isBetween || isSampled?[event] == true {
        chosen[outcome.rescored] = Int32(truncatingIfNeeded: event)
        outcome.rescored += 1
      }
    }
    exact.score(
      ChosenEvents(chosen, count: outcome.rescored), of: events, eventStride: eventStride,
      scores: scores, attributions: UnsafeMutableRawPointer(attributions),
      attributionStride: attributionStride)
    for index in 0..<outcome.rescored {
      let event = Int(chosen[index])
      audit(
        exact: scores[event], screened: self.scores[event], isSampled: isSampled?[event] == true,
        in: &outcome)
    }
    return outcome
  }

  @_noLocks private func audit(
    exact: Float, screened: Float, isSampled: Bool, in outcome: inout ScreeningOutcome
  ) {
    let isAbove = exact > threshold
    let isQuiet = exact < quietThreshold
    if isSampled {
      outcome.audited += 1
      let isBetween = screened < limit && screened >= quietLimit
      if (isAbove || isQuiet) && isBetween { outcome.missed += 1 }
    }
    if isAbove && (exact - screened) / exact > outcome.shortfallMax {
      outcome.shortfallMax = (exact - screened) / exact
    }
    if isQuiet && (screened - exact) / quietThreshold > outcome.shortfallMax {
      outcome.shortfallMax = (screened - exact) / quietThreshold
    }
  }
}
