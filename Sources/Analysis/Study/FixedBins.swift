internal import BoundedNumbers
internal import ReproducibleMath

/// Counts of values in bins of equal width between two ends.
package struct FixedBins: Equatable, Sendable {
  /// The lower edge of the first bin.
  package let low: Double
  /// The upper edge of the last, greater than `low`.
  package let high: Double
  /// Events in each; a value on an edge is in the bin above, on the last edge in the last.
  package let counts: [Int]
  /// Values below the first bin.
  package let below: Int
  /// Values above the last.
  package let above: Int

  /// Counts the values that are no NaN.
  init(_ values: some Sequence<Double>, low: Double, high: Double, count: Int) {
    precondition(high > low && count >= 1)
    var counts = [Int](repeating: 0, count: count)
    var (below, above) = (0, 0)
    for value in values {
      if value < low {
        below += 1
      } else if value > high {
        above += 1
      } else if !value.isNaN {
        let place = ((value - low) / (high - low) * Double(count)).rounded(.down)
        counts[min(Int(nearest: place), count - 1)] += 1
      }
    }
    self.low = low
    self.high = high
    self.counts = counts
    self.below = below
    self.above = above
  }

  /// All values counted, those outside too.
  package var total: Int { counts.reduce(below + above, +) }
  /// The width of a bin.
  package var width: Double { (high - low) / Double(counts.count) }
}
