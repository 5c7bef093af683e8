internal import BoundedNumbers

/// A histogram as it stands.
package struct HistogramFacts: Equatable, Sendable {
  /// Inclusive upper bounds, ascending.
  package var upperBounds: [Double]
  /// How many values each bucket holds; one more than bounds, the last above all of them.
  package var counts: [UInt64]
  /// The sum of the values.
  package var sum: Double

  /// Creates a histogram; there is one more count than bounds.
  package init(upperBounds: [Double], counts: [UInt64], sum: Double) {
    precondition(counts.count == upperBounds.count + 1)
    self.upperBounds = upperBounds
    self.counts = counts
    self.sum = sum
  }

  /// How many values there are.
  package var count: UInt64 { counts.saturatingSum }

  /// An estimate of a quantile, as Prometheus' `histogram_quantile` makes it: values spread evenly
  /// within their bucket, those above the last bound at that bound. Nil without values.
  package func quantile(_ probability: Double) -> Double? {
    let total = count
    if total == 0 { return nil }
    let rank = probability * Double(total)
    var below = 0.0
    for (bucket, bucketCount) in counts.enumerated() where bucketCount > 0 {
      let here = Double(bucketCount)
      if below + here >= rank {
        guard bucket < upperBounds.count else { return upperBounds.last }
        let lower = bucket == 0 ? 0 : upperBounds[bucket - 1]
        return lower + (upperBounds[bucket] - lower) * max(0, rank - below) / here
      }
      below += here
    }
    return upperBounds.last
  }

  /// The values since `earlier`, the counts of a histogram with the same bounds.
  func since(_ earlier: [UInt64]) -> HistogramFacts {
    guard earlier.count == counts.count else { return self }
    return HistogramFacts(
      upperBounds: upperBounds, counts: zip(counts, earlier).map { $0 > $1 ? $0 - $1 : 0 },
      sum: .nan)
  }
}
