/// The exact central interval of C. Clopper and E. Pearson (Biometrika 26, 1934) for the
/// probability behind `successes` of `trials` independent events, at `confidence` in (0, 1): it
/// holds the true probability in at least that share of repeats.
///
/// The lower end is 0 without a success, and the upper end is 1 where all trials succeed. 0...1
/// without trials.
package func clopperPearson(
  successes: Int, trials: Int, confidence: Double
) -> ClosedRange<Double> {
  precondition(successes >= 0 && successes <= trials)
  precondition(confidence > 0 && confidence < 1)
  let tail = (1 - confidence) / 2
  let lower =
    successes == 0
    ? 0 : BetaLaw(rank: successes, of: trials).quantile(lowerTail: tail)
  let upper =
    successes == trials
    ? 1 : BetaLaw(rank: successes + 1, of: trials).quantile(upperTail: tail)
  return lower...max(lower, upper)
}

/// The exact central interval of the true false-positive rate of the threshold at the `rank`-th
/// smallest of `count` background scores, at `confidence` in (0, 1); 1 <= rank <= count.
///
/// For exchangeable scores of a continuous law the true rate follows Beta(count + 1 - rank, rank),
/// whatever that law is; the interval lies between two quantiles of it. Where scores are tied the
/// true rate can only be lower: the upper end keeps its confidence, and the lower end belongs
/// to P(score >= threshold).
package func trueRateInterval(
  rank: Int, of count: Int, confidence: Double
) -> ClosedRange<Double> {
  precondition(rank >= 1 && rank <= count)
  precondition(confidence > 0 && confidence < 1)
  let law = BetaLaw(rank: count + 1 - rank, of: count)
  let tail = (1 - confidence) / 2
  let lower = law.quantile(lowerTail: tail)
  return lower...max(lower, law.quantile(upperTail: tail))
}

/// The ends between which the share `confidence` of ascending repeats lies. A confidence near 0 leaves
/// the middle one.
func centralRange(_ ascending: [Double], confidence: Double) -> ClosedRange<Double> {
  let last = ascending.count - 1
  let outside = min(Int((1 - confidence) / 2 * Double(ascending.count)), last / 2)
  return ascending[outside]...ascending[last - outside]
}
