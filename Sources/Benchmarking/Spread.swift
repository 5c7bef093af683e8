/// A figure that was measured several times.
package struct Spread: Equatable, Sendable {
  /// The middle one, or the mean of the middle two.
  package let median: Double
  /// The smallest.
  package let minimum: Double
  /// The largest.
  package let maximum: Double

  /// The spread of at least one value.
  package init(_ values: [Double]) {
    precondition(!values.isEmpty)
    let sorted = values.sorted()
    let middle = sorted.count / 2
    median =
      sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    minimum = sorted[0]
    maximum = sorted[sorted.count - 1]
  }
}
