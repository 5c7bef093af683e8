internal import ReproducibleMath

/// The Beta(a, b) law for a, b >= 1: the law of order statistics of uniform numbers, and so of
/// the true rate above an order statistic and of the Clopper-Pearson bounds.
///
/// Either tail is within 1e-12 of itself for a + b up to 2e9 (measured: 1e-13), with the same bits
/// on every machine. a and b should be whole numbers whose sum is below 2^53; then only the last
/// steps of the prefactor round.
package struct BetaLaw: Equatable, Sendable {
  package let a: Double
  package let b: Double

  /// The law of the `rank`-th smallest of `count` uniform numbers; 1 <= rank <= count.
  package init(rank: Int, of count: Int) {
    self.init(a: Double(rank), b: Double(count - rank + 1))
  }

  package init(a: Double, b: Double) {
    precondition(a >= 1 && b >= 1 && a.isFinite && b.isFinite)
    self.a = a
    self.b = b
  }

  /// Both tails at a point; the smaller one is computed, the other is what is missing to 1.
  package struct Tails: Equatable, Sendable {
    /// log P(X <= x), -infinity at 0.
    package var logLower: Double
    /// log P(X > x), -infinity at 1.
    package var logUpper: Double
    /// d logLower / dx.
    var logLowerSlope: Double
    /// -d logUpper / dx.
    var logUpperSlope: Double

    /// P(X <= x), the regularised incomplete beta function I_x(a, b).
    package var lower: Double { portableExp(logLower) }
    /// P(X > x) = I_(1-x)(b, a).
    package var upper: Double { portableExp(logUpper) }
  }

  /// The tails at `x` in [0, 1].
  package func tails(at x: Double) -> Tails {
    precondition(x >= 0 && x <= 1)
    if x == 0 { return Tails(0, -.infinity, 0, .infinity, swapped: true) }
    if x == 1 { return Tails(0, -.infinity, 0, .infinity, swapped: false) }
    let y = 1 - x
    // How far x lies above the mean, times a + b: one rounding where a + b is exact.
    let excess = (-a).addingProduct(a + b, x)
    let logFront = logPrefactor(x, y, excess: excess)
    let isLower = excess <= 0
    let fraction =
      isLower
      ? Self.continuedFraction(a, b, x, shortfall: -excess)
      : Self.continuedFraction(b, a, y, shortfall: excess)
    // front / fraction is the tail; front / (x y) is the density.
    let logTail = min(logFront - portableLog(fraction), 0)
    let tail = portableExp(logTail)
    let slope = fraction / (x * y)
    let otherSlope = portableExp(logFront) / (x * y) / (1 - tail)
    return Tails(portableLog1p(-tail), logTail, otherSlope, slope, swapped: isLower)
  }

  /// log( x^a (1-x)^b / B(a, b) ), by Loader's saddle-point form (C. Loader, "Fast and accurate
  /// computation of binomial probabilities", 2000): Stirling's formula with its error terms, and
  /// deviances that vanish at the mean, so that nothing large cancels.
  private func logPrefactor(_ x: Double, _ y: Double, excess: Double) -> Double {
    let n = a + b
    let correction = Self.stirlingError(n) - Self.stirlingError(a) - Self.stirlingError(b)
    let deviance =
      a * Self.deviance(excess / a, ratio: n * x / a)
      + b * Self.deviance(-excess / b, ratio: n * y / b)
    // a b / (2 pi n) without overflow of a b.
    let spread = a / n * b / (2 * Double.pi)
    return 0.5 * portableLog(spread) + correction - deviance
  }

  /// u - log(ratio) >= 0, relatively accurate; `ratio` = 1 + u, each with its own rounding alone.
  private static func deviance(_ u: Double, ratio: Double) -> Double {
    if abs(u) > 0.3 { return u - portableLog(ratio) }
    // log(1 + u) = 2 atanh(s) = 2 (s + s^3/3 + s^5/5 + ...), s = u / (2 + u), u - 2 s = u s;
    // |s| <= 0.1765, so that s^23 is below 1e-17.
    let s = u / (2 + u)
    let square = s * s
    var sum = 0.0
    for odd in stride(from: 23.0, through: 3, by: -2) { sum = sum * square + 1 / odd }
    return u * s - 2 * s * square * sum
  }

  /// log(Gamma(z)) - ((z - 1/2) log z - z + log(2 pi)/2), for z >= 1: by recurrence up to 16, then
  /// by Stirling's series (DLMF 5.11.1), whose first term left out is below 1e-18 there.
  private static func stirlingError(_ z: Double) -> Double {
    var shifted = z
    var sum = 0.0
    while shifted < 16 {
      // e(z) - e(z + 1) = (z + 1/2) log(1 + 1/z) - 1.
      sum += (shifted + 0.5) * portableLog1p(1 / shifted) - 1
      shifted += 1
    }
    return sum + stirlingTail(shifted)
  }

  /// The continued fraction of A. DiDonato and A. Morris (ACM TOMS 708, 1992, equation 9) by the
  /// modified Lentz method; `shortfall` = a - (a + b) x >= 0. All its terms are positive there
  /// until it ends or has converged, which takes some sqrt(a + b) steps near the mean.
  private static func continuedFraction(
    _ a: Double, _ b: Double, _ x: Double, shortfall: Double
  ) -> Double {
    var fraction = a * (shortfall + 1) / (a + 1)
    var c = fraction
    var d = 0.0
    var m = 0.0
    var change = 0.0
    repeat {
      m += 1
      let odd = a + 2 * m - 1
      let remaining = m * (b - m) * x / odd
      let numerator = (a + m - 1) / odd * (a + b + m - 1) * x * remaining
      let denominator = m + remaining + (a + m) / (odd + 2) * (shortfall + 1 + m * (2 - x))
      d = 1 / (denominator + numerator * d)
      c = denominator + numerator / c
      change = c * d
      fraction *= change
    } while abs(change - 1) > 0x1p-52 && m < 1e6
    return fraction
  }
}

extension BetaLaw.Tails {
  /// One tail and the other, with their slopes; `swapped` where the second is the lower one.
  fileprivate init(
    _ first: Double, _ second: Double, _ firstSlope: Double, _ secondSlope: Double, swapped: Bool
  ) {
    logLower = swapped ? second : first
    logUpper = swapped ? first : second
    logLowerSlope = swapped ? secondSlope : firstSlope
    logUpperSlope = swapped ? firstSlope : secondSlope
  }
}

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
