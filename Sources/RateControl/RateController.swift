internal import ReproducibleMath

/// Holds the rate of one working point by a factor on its threshold: an integral controller on the
/// logarithm of the rate. A value without clock, memory or randomness: equal counts give equal
/// factors, to the bit.
///
/// At the end of a window in which k events fired where m were expected at the target,
///
///     ln factor += (a / q) ln((k + 1/2) / m),      a = min(1/2, m / reactionFiredCount)
///
/// bounded by the largest step and by the band. q is the slope of the background's tail at the
/// threshold, -d ln rate / d ln threshold, from the calibration. With x = ln(rate / target) and the
/// true slope q' a window makes x into (1 - a q'/q) x: x shrinks from every side while 0 < a q'/q <
/// 2. As a <= 1/2, q may be too small by a factor of 4 and the loop is stable still; up to a factor
/// of 2 it does not overshoot. docs/method-rate-control.md derives this and the noise.
package struct RateController: Equatable, Sendable {
  /// The rate to hold.
  package let target: RateTarget
  /// The slope of the tail that steps are made with.
  package let slope: Double
  private let factors: ClosedRange<Float>
  private let stepMax: Double
  private let reactionFiredCount: Double

  /// The threshold in force is the calibration's times this.
  package private(set) var factor: Float
  /// Windows that have moved the factor.
  package private(set) var stepCount: UInt64 = 0
  private var firedCount = 0
  private var scoredCount = 0
  private var elapsedS = 0.0

  /// Fewer expected events say too little for a step: windows are then added up.
  package static let expectedCountMin = 20.0
  /// The largest part of a deviation that one window takes away.
  package static let gainMax = 0.5

  /// A controller at `factor`, which is brought into the band of `settings`. `slope` is brought
  /// into 0.5 ... 200.
  package init(
    target: RateTarget, slope: Double, settings: RateControlSettings, factor: Float = 1
  ) {
    self.target = target
    self.slope = slope.isNaN ? Self.slopeUnknown : min(max(slope, 0.5), 200)
    factors = settings.factorMin...settings.factorMax
    stepMax = portableLog1p(Double(settings.stepMaxPercent) / 100)
    reactionFiredCount = Double(settings.reactionFiredCount)
    self.factor = min(max(factor.isNaN ? 1 : factor, factors.lowerBound), factors.upperBound)
  }

  /// Stands in where a calibration does not tell the slope: steep, so that steps are small.
  package static let slopeUnknown = 20.0

  /// Whether the factor stands at an end of its band.
  package var isAtLimit: Bool { factor <= factors.lowerBound || factor >= factors.upperBound }

  /// Adds a window: `scored` events, `fired` of which fired, in `seconds` of the events' time.
  /// Returns whether the factor has moved.
  package mutating func close(fired: Int, scored: Int, seconds: Double) -> Bool {
    firedCount += fired
    scoredCount += scored
    elapsedS += seconds
    let expected: Double =
      switch target {
      case .falsePositiveRate(let rate): rate * Double(scoredCount)
      case .perSecond(let rate): rate * elapsedS
      }
    guard expected >= Self.expectedCountMin else { return false }
    let gain = min(Self.gainMax, expected / reactionFiredCount)
    let deviation = portableLog((Double(firedCount) + 0.5) / expected)
    let step = min(max(gain / slope * deviation, -stepMax), stepMax)
    forget()
    let moved = Float(portableExp(portableLog(Double(factor)) + step))
    let before = factor
    factor = min(max(moved, factors.lowerBound), factors.upperBound)
    if factor != before { stepCount += 1 }
    return factor != before
  }

  /// Forgets what was counted since the last step.
  package mutating func forget() {
    firedCount = 0
    scoredCount = 0
    elapsedS = 0
  }
}
