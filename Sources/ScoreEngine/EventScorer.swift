/// The arithmetic that events are scored with.
public enum ScoringPrecision: Sendable {
  /// Every event in float32.
  case exact(ScoringNetwork)
  /// Every event in 8-bit integers, and those that the screen does not rule out in float32 too.
  case screened(ScreenNetwork, Screening)

  /// The exact network.
  public var network: ScoringNetwork {
    switch self {
    case .exact(let network): network
    case .screened(let network, _): network.exact
    }
  }

  /// When an event is scored exactly; nil where every event is.
  public var screening: Screening? {
    if case .screened(_, let screening) = self { screening } else { nil }
  }

  /// Whether every score is exact, whatever the event.
  public var isExact: Bool { screening == nil }
}

/// A plan of either precision. One thread at a time may use a scorer.
public final class EventScorer {
  /// What it scores with.
  public let precision: ScoringPrecision
  private let pass: Pass
  /// The plan that owns what `pass` points into.
  private let plan: AnyObject
  private let batchMax: Int

  /// Plain values, so that a call counts no references.
  private enum Pass {
    case exact(ScoringPass)
    case screened(ScreenedPass)
  }

  /// Allocates the buffers for batches of at most `batchMax` events; nothing is allocated later.
  public init(_ precision: ScoringPrecision, batchMax: Int) {
    self.precision = precision
    self.batchMax = batchMax
    switch precision {
    case .exact(let network):
      let plan = ScoringPlan(network: network, batchMax: batchMax)
      pass = .exact(plan.pass)
      self.plan = plan
    case .screened(let network, let screening):
      let plan = ScreenedPlan(network: network, screening: screening, batchMax: batchMax)
      pass = .screened(plan.pass)
      self.plan = plan
    }
  }

  /// Scores a batch; parameters as in `ScoringPlan.score` and `ScreenedPlan.score`. Where the
  /// precision is exact, `isSampled` changes nothing and the outcome is that of no events.
  @_noLocks public func score(
    events: UnsafeRawPointer, eventStride: Int, count: Int, isSampled: UnsafePointer<Bool>?,
    scores: UnsafeMutablePointer<Float>, attributions: UnsafeMutablePointer<Float>?,
    attributionStride: Int
  ) -> ScreeningOutcome {
    let countMax = batchMax
    precondition(count >= 0 && count <= countMax, "more events than the scorer was made for")
    switch pass {
    case .exact(let pass):
      pass.score(
        ChosenEvents(allOf: count), of: events, eventStride: eventStride, scores: scores,
        attributions: UnsafeMutableRawPointer(attributions), attributionStride: attributionStride)
      return ScreeningOutcome()
    case .screened(let pass):
      return pass.score(
        events: events, eventStride: eventStride, count: count, isSampled: isSampled,
        scores: scores, attributions: attributions, attributionStride: attributionStride)
    }
  }
}
