internal import ReproducibleMath

/// How unlikely it is, in the direction that it went.
package struct ExactTail: Equatable {
  /// log of the two-sided probability: twice the smaller tail, at most 1.
  package var logProbability: Double
  package var direction: DriftCheck.Direction

  /// In standard deviations of a normal variable.
  package var significance: Double { Drift.significance(logProbability: logProbability) }
}

/// The exact comparison of two shares, conditional on their sum (R. Fisher, 1935): `successes` of
/// `trials` against `referenceSuccesses` of `referenceTrials` for the hypothesis of one probability.
package func compareShares(
  successes: Int, trials: Int, referenceSuccesses: Int, referenceTrials: Int
) -> ExactTail {
  precondition(0...trials ~= successes && 0...referenceTrials ~= referenceSuccesses)
  let law = HypergeometricLaw(
    total: trials + referenceTrials, marked: trials, draws: successes + referenceSuccesses)
  return law.tail(at: successes)
}

/// The exact law of how many of `trials` new scores lie above the `fromTop`-th largest of
/// `referenceTrials` exchangeable ones, whatever the scores' law: beta-binomial, with the
/// uncertainty of the threshold in it (S. Wilks, Ann. Math. Stat. 13, 1942).
///
/// At least k new scores lie above it if and only if of the `fromTop` + k - 1 largest scores of
/// both samples at least k are new: both tails are tails of hypergeometric laws.
package func compareExceedances(
  _ exceedances: Int, of trials: Int, aboveLargest fromTop: Int, of referenceTrials: Int
) -> ExactTail {
  precondition(0...trials ~= exceedances && 1...referenceTrials ~= fromTop)
  func law(draws: Int) -> HypergeometricLaw {
    HypergeometricLaw(total: trials + referenceTrials, marked: trials, draws: draws)
  }
  // The mean of the beta-binomial law tells the side.
  let mean = Double(trials) * Double(fromTop) / Double(referenceTrials + 1)
  let isUp = Double(exceedances) >= mean
  // Both for k >= 1: P(at least k) = P(new >= k of fromTop + k - 1), P(at most k) = 1 - P(at least
  // k + 1) = P(new <= k of fromTop + k).
  let logTail =
    isUp
    ? exceedances == 0
      ? 0 : law(draws: fromTop + exceedances - 1).logUpperTail(exceedances)
    : law(draws: fromTop + exceedances).logLowerTail(exceedances)
  return ExactTail(
    logProbability: min(logTail + portableLog(2), 0), direction: isUp ? .up : .down)
}

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
  private var mean: Double { Double(draws) * Double(marked) / Double(total) }

  /// Twice the smaller of the two tails at `value`, at most 1.
  package func tail(at value: Int) -> ExactTail {
    let isUp = Double(value) >= mean
    let logTail = isUp ? logUpperTail(value) : logLowerTail(value)
    return ExactTail(
      logProbability: min(logTail + portableLog(2), 0), direction: isUp ? .up : .down)
  }

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
