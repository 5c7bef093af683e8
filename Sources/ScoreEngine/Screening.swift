/// The rule by which a screened event is scored exactly: its screen score is at least (1 - margin)
/// times the loosest threshold, or, where low scores fire too, below (1 + margin) times their
/// threshold.
public struct Screening: Equatable, Sendable {
  /// The loosest threshold. An event whose score is not above it fires no working point of the high
  /// side.
  public let threshold: Float
  /// An event whose score is below this fires a working point of the low side; minus infinity where
  /// there is none.
  public let quietThreshold: Float
  /// The fraction by which a screen score may fall short of the exact score, in 0 ..< 1; with a
  /// quiet threshold also the fraction by which it may exceed it.
  public let margin: Double

  /// Creates a rule. Traps where `margin` is not in 0 ..< 1 or a threshold is NaN.
  public init(threshold: Float, quietThreshold: Float = -.infinity, margin: Double) {
    precondition((0..<1).contains(margin) && !threshold.isNaN && !quietThreshold.isNaN)
    self.threshold = threshold
    self.quietThreshold = quietThreshold
    self.margin = margin
  }

  /// (1 - margin) times the threshold in float64, rounded to float32. An event with a screen score
  /// below this is not scored exactly, unless it is below `quietLimit`.
  public var limit: Float { Float((1 - margin) * Double(threshold)) }

  /// (1 + margin) times the quiet threshold, rounded likewise. An event with a screen score below
  /// this is scored exactly.
  public var quietLimit: Float { Float((1 + margin) * Double(quietThreshold)) }
}

/// The outcome of screening a batch.
public struct ScreeningOutcome: Equatable, Sendable {
  /// Events that were scored exactly, for whatever reason.
  public var rescored: Int
  /// Those of the rescored events that were sampled: they are scored exactly whatever the screen
  /// says.
  public var audited: Int
  /// Audited events whose exact score is beyond a threshold although their screen score is between
  /// the limits. The screen alone would have lost them: 0 unless the margin is too small.
  public var missed: Int
  /// The largest (exact - screen) / exact among the rescored events whose exact score is above the
  /// threshold, or (screen - exact) / quiet threshold among those below that one. 0 where there is
  /// no such event, and where no screen score fell short.
  public var shortfallMax: Float

  /// The outcome of no events.
  @_noLocks public init() {
    rescored = 0
    audited = 0
    missed = 0
    shortfallMax = 0
  }

  /// Adds the outcome of another batch.
  public mutating func add(_ other: ScreeningOutcome) {
    rescored += other.rescored
    audited += other.audited
    missed += other.missed
    shortfallMax = max(shortfallMax, other.shortfallMax)
  }
}

/// A network that cannot be screened.
public struct ScreenError: Error, Equatable, CustomStringConvertible {
  /// What was found, what was expected and what to do.
  public let description: String
}
