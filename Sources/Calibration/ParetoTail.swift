internal import ReproducibleMath

/// A generalised Pareto law fitted to the largest background scores, by the theorem of J. Pickands
/// (Ann. Stat. 3, 1975): far out, most laws' excesses over a high score follow one.
package struct ParetoTail: Equatable, Sendable {
  /// The score that excesses are counted from.
  package var base: Double
  /// xi: 0 is an exponential tail, a positive one is heavier, a negative one has an end.
  package var shape: Double
  /// sigma, in units of the score.
  package var scale: Double
  /// The number of excesses that were fitted.
  package var excessCount: Int
  /// The share of background scores above `base`.
  package var baseRate: Double

  /// How many excesses are taken of `count` scores: sqrt(count), and at least 50.
  static func excessCount(of count: Int) -> Int {
    max(50, Int(Double(count).squareRoot()))
  }

  /// Fits excesses, largest first, by probability-weighted moments with the plotting positions
  /// (i - 0.35) / n (J. Hosking and J. Wallis, Technometrics 29, 1987). The shape comes out
  /// below 1; estimates above 1/2 mean little.
  package init(
    fitting excesses: some BidirectionalCollection<Double>, base: Double, baseRate: Double
  ) {
    let count = Double(excesses.count)
    var mean = 0.0
    var weighted = 0.0
    for (index, excess) in excesses.reversed().enumerated() {
      mean += excess / count
      weighted += (1 - (Double(index) + 0.65) / count) * excess / count
    }
    let difference = mean - 2 * weighted
    self.base = base
    self.baseRate = baseRate
    excessCount = excesses.count
    shape = 2 - mean / difference
    scale = 2 * mean * weighted / difference
  }

  package init(base: Double, shape: Double, scale: Double, excessCount: Int, baseRate: Double) {
    self.base = base
    self.shape = shape
    self.scale = scale
    self.excessCount = excessCount
    self.baseRate = baseRate
  }

  /// The excess that a share `survival` in (0, 1] of excesses is above:
  /// sigma (survival^-xi - 1) / xi, or -sigma log(survival) for xi = 0.
  package func excess(survival: Double) -> Double {
    let power = -shape * portableLog(survival)
    // exp(p) - 1 = p (1 + p/2 + ...) near 0, where the difference would lose its digits.
    let ratio =
      abs(power) < 1e-5 ? 1 + power / 2 + power * power / 6 : (portableExp(power) - 1) / power
    return -scale * portableLog(survival) * ratio
  }

  /// A new sample of `excessCount` excesses of this tail, largest first, from the numbers of `random`
  /// after the one at `start`.
  func resampled(_ random: RandomStream, start: UInt64) -> [Double] {
    (1...excessCount)
      .map { excess(survival: random.uniform(at: start &+ UInt64($0))) }
      .sorted(by: >)
  }

  /// The share of excesses above `excess`: (1 + xi excess / sigma)^(-1/xi), and 1 where `excess` <= 0.
  /// It lies in 0...1 for all values but NaN, those that overflow included.
  package func survival(excess: Double) -> Double {
    guard excess > 0 else { return 1 }
    let steps = excess / scale
    let growth = shape * steps
    guard steps.isFinite, growth.isFinite, growth > -1 else { return 0 }
    let ratio = abs(growth) < 1e-8 ? 1 - growth / 2 : portableLog1p(growth) / growth
    return portableExp(-steps * ratio)
  }
}
