package import Calibration

/// The share of a calibration's background in each bucket between `upperBounds`: one more than
/// bounds, adding to 1. Nil where it counted no score.
///
/// Its bins are narrower than the buckets and their edges do not meet; a bin across a bound gives
/// each side the part that its length says.
package func referenceShares(
  of histogram: ScoreHistogram, upperBounds: [Double]
) -> [Double]? {
  let scored = histogram.scoredCount
  if scored == 0 { return nil }
  var counts = [Double](repeating: 0, count: upperBounds.count + 1)
  counts[0] += Double(histogram.underflow)
  counts[upperBounds.count] += Double(histogram.overflow)
  for bin in 0..<ScoreHistogram.binCount where histogram.counts[bin] > 0 {
    let scores = ScoreHistogram.scores(inBin: bin)
    let (low, high) = (Double(scores.lowerBound), Double(scores.upperBound))
    for bucket in counts.indices {
      let from = max(low, bucket == 0 ? -.infinity : upperBounds[bucket - 1])
      let to = min(high, bucket == upperBounds.count ? .infinity : upperBounds[bucket])
      if to > from { counts[bucket] += Double(histogram.counts[bin]) * (to - from) / (high - low) }
    }
  }
  return counts.map { $0 / Double(scored) }
}
