/// How long single calls took.
package struct LatencyDistribution: Sendable {
  private let sortedNs: [UInt64]

  /// The distribution of at least one duration.
  package init(nanoseconds: [UInt64]) {
    precondition(!nanoseconds.isEmpty)
    sortedNs = nanoseconds.sorted()
  }

  /// The number of calls.
  package var count: Int { sortedNs.count }

  /// The smallest duration that at least the share `quantile` of all do not exceed, in seconds;
  /// `quantile` in 0 ... 1.
  package func quantile(_ quantile: Double) -> Double {
    precondition((0...1).contains(quantile))
    let rank = Int((quantile * Double(count)).rounded(.up))
    return Double(sortedNs[max(0, rank - 1)]) * 1e-9
  }

  /// The longest, in seconds.
  package var maximum: Double { quantile(1) }

  /// A bin of the histogram.
  package struct Bin: Equatable, Sendable {
    /// The lower end in seconds, which is not in the bin.
    package var lower: Double
    /// The upper end in seconds, which is.
    package var upper: Double
    /// The number of durations.
    package var count: Int
  }

  /// A histogram with bins that are each `ratio` times as wide as the one before, from the bin of
  /// the shortest to that of the longest; bins begin at powers of `ratio` times a microsecond.
  package func histogram(ratio: Double = 1.25) -> [Bin] {
    precondition(ratio > 1)
    func edges(around seconds: Double) -> (lower: Double, upper: Double) {
      var upper = 1e-6
      while upper < seconds { upper *= ratio }
      while upper / ratio >= seconds { upper /= ratio }
      return (upper / ratio, upper)
    }
    var bins: [Bin] = []
    var edge = edges(around: max(quantile(0), 1e-9))
    var index = 0
    while index < sortedNs.count {
      var count = 0
      while index < sortedNs.count, Double(sortedNs[index]) * 1e-9 <= edge.upper {
        count += 1
        index += 1
      }
      bins.append(Bin(lower: edge.lower, upper: edge.upper, count: count))
      edge = (edge.upper, edge.upper * ratio)
    }
    return bins
  }
}
