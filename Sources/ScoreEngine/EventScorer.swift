/// The arithmetic that events are scored with.
public enum ScoringPrecision: Sendable {
  /// Every event in float32.
  case exact(ScoringNetwork)
  /// Every event in 8-bit integers first; those that the screen does not rule out in float32 too.
  case screened(ScreenNetwork, Screening)

  /// The exact network.
  public var network: ScoringNetwork {
    switch self {
    case .exact(let network): network
    case .screened(let network, _): network.exact
    }
  }

  /// The rule by which an event is scored exactly; nil where every event is.
  public var screening: Screening? {
    if case .screened(_, let screening) = self { screening } else { nil }
  }

  /// Whether every score is exact, whatever the event.
  public var isExact: Bool { screening == nil }
}

/// A `ScoringPlan` or a `ScreenedPlan`, behind one interface. One thread at a time may use a
/// scorer.
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
  /// Traps where `batchMax` is not in 1 ... 2,147,483,647.
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

  /// Scores a batch, as `ScoringPlan` or `ScreenedPlan` does. Allocates nothing and takes no lock.
  /// Traps where `count` is out of range.
  ///
  /// - Parameters:
  ///   - events: D raw float32 an event, of any alignment; event i begins at byte i * eventStride.
  ///   - eventStride: bytes from one event to the next.
  ///   - count: the number of events, 0 to the `batchMax` that the scorer was made for.
  ///   - isSampled: nil, or `count` values: whether to score an event exactly whatever its screen
  ///     score is. Changes nothing where the precision is exact.
  ///   - scores: receives `count` floats.
  ///   - attributions: nil, or receives D floats for each event that was scored exactly.
  ///   - attributionStride: bytes from one event's attributions to the next.
  /// - Returns: what came of the screening; where the precision is exact, the outcome of no events.
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
