/// When an event that was screened is scored exactly: when its screen score is at least
/// (1 - margin) of the loosest threshold.
public struct Screening: Equatable, Sendable {
  /// The loosest threshold: a score that is not above it fires nothing.
  public let threshold: Float
  /// By how much of itself a screen score may fall short of the exact one, in 0 ..< 1.
  public let margin: Double

  /// Creates a rule.
  public init(threshold: Float, margin: Double) {
    precondition((0..<1).contains(margin) && !threshold.isNaN)
    self.threshold = threshold
    self.margin = margin
  }

  /// An event with a screen score below this is not scored exactly: (1 - margin) times the
  /// threshold in float64, rounded to float32.
  public var limit: Float { Float((1 - margin) * Double(threshold)) }
}

/// What came of the screening of a batch.
public struct ScreeningOutcome: Equatable, Sendable {
  /// Events that were scored exactly, for whatever reason.
  public var rescored = 0
  /// Of these, the sampled ones, which are scored exactly whatever the screen says.
  public var audited = 0
  /// Of the audited, those whose exact score is above the threshold though the screen would have
  /// let them go: 0 unless the margin is too small.
  public var missed = 0
  /// The largest (exact - screen) / exact among the rescored with an exact score above the
  /// threshold; 0 where there is none or no screen score fell short.
  public var shortfallMax: Float = 0

  /// The outcome of no events.
  public init() {}

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
