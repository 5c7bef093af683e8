package import Calibration
internal import NumberText
internal import ReproducibleMath

/// The two-sample statistic of Kolmogorov and Smirnov on binned scores.
///
/// Binning can only lower the greatest distance, so what holds for scores holds for bins. Its
/// probability is bounded by 2 exp(-2 M^2), M = D sqrt(n N / (n + N)): P. Massart (Ann. Prob. 18,
/// 1990) for one sample; for two F. Wei and R. Dudley (Stat. Prob. Lett. 82, 2012).
package struct ScoreDistance: Equatable {
  /// D, the greatest distance of the two distribution functions.
  package var distance: Double
  /// Where it is: the score below which the two shares differ so.
  package var score: Float
  /// Whether the window's scores are the larger ones there.
  var isUp: Bool
  package var logProbability: Double

  /// `reference` and `counts` are cells of `SampledSums`; both have events.
  package init(_ counts: [Int], reference: [Int]) {
    let count = Double(counts.reduce(0, +))
    let referenceCount = Double(reference.reduce(0, +))
    var below = counts[SampledSums.underflowCell]
    var referenceBelow = reference[SampledSums.underflowCell]
    var greatest = 0.0
    var edge = 0
    for bin in 0...ScoreHistogram.binCount {
      let difference = Double(below) / count - Double(referenceBelow) / referenceCount
      if difference.magnitude > greatest.magnitude {
        greatest = difference
        edge = bin
      }
      if bin < ScoreHistogram.binCount {
        below += counts[bin]
        referenceBelow += reference[bin]
      }
    }
    distance = greatest.magnitude
    isUp = greatest < 0
    score =
      edge < ScoreHistogram.binCount
      ? ScoreHistogram.scores(inBin: edge).lowerBound
      : ScoreHistogram.scores(inBin: ScoreHistogram.binCount - 1).upperBound
    let harmonic = count / (count + referenceCount) * referenceCount
    logProbability = min(0, portableLog(2) - 2 * distance * distance * harmonic)
  }

  /// The cells of a calibration's histogram.
  package static func cells(of histogram: ScoreHistogram) -> [Int] {
    histogram.counts + [histogram.underflow, histogram.overflow]
  }

  var verdict: Verdict {
    Verdict(
      statistic: significance(logProbability: logProbability), subject: nil,
      direction: isUp ? .up : .down,
      finding: "scores are \(isUp ? "larger" : "smaller") than the calibration's: the shares below "
        + "\(significant(Double(score))) differ by \(fixed(distance, places: 4))")
  }
}
