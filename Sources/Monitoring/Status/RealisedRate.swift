internal import Calibration
internal import ReproducibleMath

/// The rate at which a working point fires, with an interval for the true rate.
package struct RealisedRate: Equatable, Sendable {
  /// Events that fired, before the working point's prescale.
  package var fired: UInt64
  /// Events that were scored in the same time.
  package var scored: UInt64
  /// The interval's confidence, in (0, 1).
  package var confidence: Double
  /// The interval that holds the true rate with that confidence; 0...1 without events.
  package var interval: ClosedRange<Double>

  /// fired / scored; nil without events.
  package var rate: Double? { scored > 0 ? Double(fired) / Double(scored) : nil }

  /// Creates the rate of `fired` among `scored` events; fired > scored, which a reader of running
  /// counters may see for a moment, is taken as fired = scored.
  package init(fired: UInt64, scored: UInt64, confidence: Double) {
    self.fired = min(fired, scored)
    self.scored = scored
    self.confidence = confidence
    interval = binomialInterval(
      successes: self.fired, trials: scored, confidence: confidence)
  }
}

/// The central interval for the probability behind `successes` of `trials`.
///
/// Exact (Clopper and Pearson) for up to a million trials. For more trials the exact form costs too
/// much to be computed every second. Few successes then have the exact interval of a million
/// trials, scaled (the Poisson limit, off by less than one in a thousand of itself). Many successes
/// have Wilson's interval (E. Wilson, J. Am. Stat. Assoc. 22, 1927), which is as close there.
func binomialInterval(
  successes: UInt64, trials: UInt64, confidence: Double
) -> ClosedRange<Double> {
  if trials == 0 { return 0...1 }
  if trials <= exactTrialsMax {
    return clopperPearson(
      successes: Int(successes), trials: Int(trials), confidence: confidence)
  }
  if successes <= fewSuccessesMax {
    let scale = Double(exactTrialsMax) / Double(trials)
    let few = clopperPearson(
      successes: Int(successes), trials: Int(exactTrialsMax), confidence: confidence)
    return few.lowerBound * scale...few.upperBound * scale
  }
  return wilson(Double(successes), Double(trials), confidence)
}

private let exactTrialsMax: UInt64 = 1_000_000
private let fewSuccessesMax: UInt64 = 1_000

private func wilson(_ k: Double, _ n: Double, _ confidence: Double) -> ClosedRange<Double> {
  // The quantile is off by some 4e-4: a confidence near 0 is taken as 0.
  let z = max(0, normalQuantile(upperTail: (1 - confidence) / 2))
  let p = k / n
  let centre = (p + z * z / (2 * n)) / (1 + z * z / n)
  let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
  let lower = max(0, centre - half)
  return lower...max(lower, min(1, centre + half))
}

/// The z with P(Z > z) = `tail` for a standard normal Z and a tail below 1/2, to 4.5e-4: formula
/// 26.2.23 of M. Abramowitz and I. Stegun, Handbook of Mathematical Functions.
private func normalQuantile(upperTail tail: Double) -> Double {
  let t = (-2 * portableLog(tail)).squareRoot()
  return t - (2.515517 + t * (0.802853 + t * 0.010328))
    / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
}
