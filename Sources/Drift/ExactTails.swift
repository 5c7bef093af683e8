package import Calibration
internal import ReproducibleMath

/// How unlikely a count is, and in which direction it deviates.
package struct ExactTail: Equatable {
  /// The logarithm of the two-sided probability: twice the smaller tail, at most 1.
  package var logProbability: Double
  package var direction: DriftCheck.Direction

  fileprivate init(logTail: Double, isUp: Bool) {
    logProbability = min(logTail + portableLog(2), 0)
    direction = isUp ? .up : .down
  }

  /// In standard deviations of a normal variable.
  package var significance: Double { Drift.significance(logProbability: logProbability) }
}

/// The exact comparison of two shares, conditional on their sum (R. Fisher, 1935): `successes` of
/// `trials` against `referenceSuccesses` of `referenceTrials` for the hypothesis of one
/// probability.
package func compareShares(
  successes: Int, trials: Int, referenceSuccesses: Int, referenceTrials: Int
) -> ExactTail {
  precondition(0...trials ~= successes && 0...referenceTrials ~= referenceSuccesses)
  let law = HypergeometricLaw(
    total: trials + referenceTrials, marked: trials, draws: successes + referenceSuccesses)
  return law.tail(at: successes)
}

/// The exact comparison of how many of `trials` new scores lie above the `fromTop`-th largest of
/// `referenceTrials` exchangeable ones, by `ExceedanceLaw`.
package func compareExceedances(
  _ exceedances: Int, of trials: Int, aboveLargest fromTop: Int, of referenceTrials: Int
) -> ExactTail {
  precondition(0...trials ~= exceedances && 1...referenceTrials ~= fromTop)
  let law = ExceedanceLaw(
    oldCount: referenceTrials, rankFromTop: fromTop, newCount: trials)
  // The mean of the beta-binomial law tells the side.
  let mean = Double(trials) * Double(fromTop) / Double(referenceTrials + 1)
  let isUp = Double(exceedances) >= mean
  let logTail = isUp ? law.logAtLeast(exceedances) : law.logAtMost(exceedances)
  return ExactTail(logTail: logTail, isUp: isUp)
}

extension HypergeometricLaw {
  /// Twice the smaller of the two tails at `value`, at most 1.
  package func tail(at value: Int) -> ExactTail {
    let isUp = Double(value) >= mean
    let logTail = isUp ? logUpperTail(value) : logLowerTail(value)
    return ExactTail(logTail: logTail, isUp: isUp)
  }
}
