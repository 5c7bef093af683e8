/// The arithmetic that events are scored with.
public enum ScoringPrecision: Sendable {
  /// Every event in float32.
  case exact(ScoringNetwork)
  /// Every event in 8-bit integers first. An event that the screen does not rule out gets an exact
  /// score as well. A score beyond a threshold is therefore always exact, to the bit.
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

/// All buffers that scoring needs, made once. One thread at a time may use a scorer.
public final class EventScorer {
  /// What it scores with.
  public let precision: ScoringPrecision
  /// The most events of one call.
  public let batchMax: Int
  /// Owns what `pass` points into.
  private let memory: FloatMemory
  private let pass: Pass

  /// Plain values, so that a call counts no references.
  private enum Pass {
    case exact(ScoringPass)
    case screened(ScreenedPass)
  }

  /// Allocates the buffers; nothing is allocated later. Those of the network do not depend on
  /// `batchMax`, since a batch is scored a few events at a time. Traps where `batchMax` is not in
  /// 1 ... 2,147,483,647.
  public init(_ precision: ScoringPrecision, batchMax: Int) {
    precondition(batchMax >= 1 && batchMax <= Int(Int32.max))
    self.precision = precision
    self.batchMax = batchMax
    let exact = precision.network.packed
    switch precision {
    case .exact:
      memory = FloatMemory(pieces: ScoringBuffers.pieces(exact))
      pass = .exact(ScoringPass(network: exact, buffers: ScoringBuffers(exact, memory: memory)))
    case .screened(let network, let screening):
      memory = FloatMemory(
        pieces: ScreenBuffers.pieces(network.packed) + ScoringBuffers.pieces(exact)
          + ScreenedPass.pieces(batchMax: batchMax))
      pass = .screened(
        ScreenedPass(network: network, screening: screening, batchMax: batchMax, memory: memory))
    }
  }

  /// Scores a batch. An event's score and attributions are the same bits whatever the batch, its
  /// place in it, the thread and the instruction set. Allocates nothing and takes no lock. Traps
  /// where `count` is out of range.
  ///
  /// An event with a feature that is NaN or infinite gets the score NaN and attributions NaN.
  /// Where finite features drive the network past the range of float32, attributions that would
  /// be NaN are +infinity, and so is the score.
  ///
  /// With a screen, an event is scored exactly where its screen score is at least `screening.limit`,
  /// is below `screening.quietLimit` or is NaN, and where it is sampled.
  ///
  /// - Parameters:
  ///   - events: D raw float32 an event, of any alignment; event i begins at byte i * eventStride.
  ///   - eventStride: bytes from one event to the next.
  ///   - count: the number of events, 0 ... `batchMax`.
  ///   - isSampled: nil, or `count` values: whether to score an event exactly whatever its screen
  ///     score is. Changes nothing where the precision is exact.
  ///   - scores: receives `count` floats: the exact score of an event that has one, else its screen
  ///     score.
  ///   - attributions: nil, or receives D floats for each event that was scored exactly, those of
  ///     event i from byte i * `attributionStride` on. The floats of other events are not written.
  ///     Added up in the order that `docs/method-engine.md` gives, they are the score, bit for bit.
  ///   - attributionStride: bytes from one event's attributions to the next.
  /// - Returns: how many events the screen left to the exact network, and how well it did on them;
  ///   where the precision is exact, the outcome of no events.
  @discardableResult
  @_noLocks public func score(
    events: UnsafeRawPointer, eventStride: Int, count: Int,
    isSampled: UnsafePointer<Bool>? = nil, scores: UnsafeMutablePointer<Float>,
    attributions: UnsafeMutablePointer<Float>?, attributionStride: Int
  ) -> ScreeningOutcome {
    // A copy, since the condition is a closure and would count a reference to this object.
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
