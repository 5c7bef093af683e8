internal import ReproducibleMath

/// How many of `draws` things, drawn without return from `total`, are among the `marked`.
package struct HypergeometricLaw {
  package let total: Int
  package let marked: Int
  package let draws: Int

  package init(total: Int, marked: Int, draws: Int) {
    self.total = total
    self.marked = marked
    self.draws = draws
  }

  private var least: Int { max(0, draws - (total - marked)) }
  private var most: Int { min(draws, marked) }
  package var mean: Double { Double(draws) * Double(marked) / Double(total) }

  /// log P(X >= value), exact to 1e-5 at worst (a total of 1e9) where `value` is above the mean;
  /// below it, where it is no small number, 0.
  package func logUpperTail(_ value: Int) -> Double {
    if Double(value) < mean || value <= least { return 0 }
    var term = 1.0
    var sum = 1.0
    var x = value
    while x < most, term > 1e-17 * sum {
      // P(x + 1) / P(x).
      term *= Double(marked - x) / Double(x + 1)
      term *= Double(draws - x) / Double(total - marked - draws + x + 1)
      sum += term
      x += 1
    }
    return min(logProbability(of: value) + portableLog(sum), 0)
  }

  /// log P(X <= value), in the same way.
  package func logLowerTail(_ value: Int) -> Double {
    if Double(value) > mean || value >= most { return 0 }
    var term = 1.0
    var sum = 1.0
    var x = value
    while x > least, term > 1e-17 * sum {
      term *= Double(x) / Double(marked - x + 1)
      term *= Double(total - marked - draws + x) / Double(draws - x + 1)
      sum += term
      x -= 1
    }
    return min(logProbability(of: value) + portableLog(sum), 0)
  }

  private func logProbability(of value: Int) -> Double {
    func logChoose(_ n: Int, _ k: Int) -> Double {
      logGamma(Double(n + 1)) - logGamma(Double(k + 1)) - logGamma(Double(n - k + 1))
    }
    return logChoose(marked, value) + logChoose(total - marked, draws - value)
      - logChoose(total, draws)
  }
}
