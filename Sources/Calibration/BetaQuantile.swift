internal import ReproducibleMath

extension BetaLaw {
  /// The x with P(X <= x) = `probability`; 0 < probability < 1.
  package func quantile(lowerTail probability: Double) -> Double {
    solve(isIncreasing: true) { ($0.logLower - portableLog(probability), $0.logLowerSlope) }
  }

  /// The x with P(X > x) = `probability`; 0 < probability < 1.
  package func quantile(upperTail probability: Double) -> Double {
    solve(isIncreasing: false) { ($0.logUpper - portableLog(probability), -$0.logUpperSlope) }
  }

  /// Newton's method for the root of the logarithm of a tail. For a, b >= 1 it is concave in x:
  /// steps come in from one side, after the first. A bracket holds them where the slope
  /// underflows.
  private func solve(
    isIncreasing: Bool, _ function: (Tails) -> (excess: Double, slope: Double)
  ) -> Double {
    var low = 0.0
    var high = 1.0
    var x = a / (a + b)
    // Halving alone would end within some 1100 steps, at the smallest double; Newton's takes ten.
    for _ in 0..<1200 {
      let (excess, slope) = function(tails(at: x))
      let step = excess / slope
      // Below this the steps are rounding errors.
      if excess == 0 || abs(step) <= 4 * x.ulp { return x }
      if (excess > 0) == isIncreasing { high = x } else { low = x }
      let next = x - step
      x = next > low && next < high ? next : low + (high - low) / 2
      if x == low || x == high { return x }
    }
    return x
  }
}
