internal import ReproducibleMath

extension BetaLaw {
  /// The x with P(X <= x) = `probability`; 0 < probability < 1.
  package func quantile(lowerTail probability: Double) -> Double {
    solve(logTarget: portableLog(probability)) { ($0.logLower, $0.logLowerSlope) }
  }

  /// The x with P(X > x) = `probability`; 0 < probability < 1.
  package func quantile(upperTail probability: Double) -> Double {
    solve(logTarget: portableLog(probability)) { ($0.logUpper, -$0.logUpperSlope) }
  }

  /// Newton's method on the logarithm of a tail. For a, b >= 1 it is concave in x, so the steps
  /// never jump over the root twice and come in from one side; a bracket guards the first step
  /// and the last digits, where rounding has the word.
  private func solve(
    logTarget: Double, tail: (Tails) -> (log: Double, slope: Double)
  ) -> Double {
    precondition(logTarget < 0 && logTarget.isFinite)
    var low = 0.0
    var high = 1.0
    var x = a / (a + b)
    for _ in 0..<200 {
      let (log, slope) = tail(tails(at: x))
      let excess = log - logTarget
      if excess == 0 { return x }
      if (excess > 0) == (slope > 0) { high = x } else { low = x }
      let step = excess / slope
      let next = x - step
      let isInside = next > low && next < high
      if isInside && abs(step) <= 4 * x.ulp { return next }
      let target = isInside ? next : low + (high - low) / 2
      if target == x || high - low <= x.ulp { return x }
      x = target
    }
    return x
  }
}
