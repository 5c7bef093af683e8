/// Whether a standard deviation of float32 numbers is more than their rounding.
///
/// Values that differ by a few float steps, such as a detector's constant that was computed twice,
/// have a spread that is no scale: a further step would lie thousands of spreads away. The feature is
/// then treated as constant.
package enum ResolvedSpread {
  /// A spread of at most this many float steps of the mean is rounding.
  package static let stepCount: Float = 4

  /// Whether `spread`, of numbers with this mean, is more than rounding; false for NaN.
  package static func holds(_ spread: Double, mean: Double) -> Bool {
    spread > floor(mean: mean)
  }

  /// The largest spread that is rounding, of numbers with this mean: at least the smallest normal
  /// float32, so that a quotient by a larger spread stays within float64's range.
  package static func floor(mean: Double) -> Double {
    let step = Float(mean).magnitude.ulp
    return step.isFinite ? Double(max(stepCount * step, .leastNormalMagnitude)) : .infinity
  }
}
