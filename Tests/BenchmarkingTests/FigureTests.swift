import Benchmarking
import Testing

/// The figures that a benchmark shows, of durations that are known.
@Suite struct FigureTests {
  @Test(
    arguments: [
      ([3], 3, 3, 3), ([2, 1], 1.5, 1, 2), ([5, 1, 3], 3, 1, 5), ([4, 4, 1, 9], 4, 1, 9),
    ] as [([Double], Double, Double, Double)])
  func aSpreadIsTheMedianAndTheEnds(
    values: [Double], median: Double, minimum: Double, maximum: Double
  ) {
    let spread = Spread(values)
    #expect(spread.median == median && spread.minimum == minimum && spread.maximum == maximum)
  }

  @Test(
    arguments: [
      (0.0, 1e-6), (0.001, 1e-6), (0.5, 500e-6), (0.5001, 501e-6), (0.99, 990e-6),
      (0.999, 999e-6), (1, 1_000e-6),
    ])
  func quantilesAreOrderStatistics(quantile: Double, seconds: Double) {
    let shuffled = (1...1_000).map { UInt64($0 * 7 % 1_001) * 1_000 }
    let found = LatencyDistribution(nanoseconds: shuffled).quantile(quantile)
    #expect(abs(found - seconds) < 1e-12)
  }

  @Test func theHistogramHasEveryDurationOnce() {
    let durationsNs: [UInt64] = [1, 999, 1_000, 1_001, 5_000, 5_000, 80_000, 2_000_000_000]
    let bins = LatencyDistribution(nanoseconds: durationsNs).histogram()
    #expect(bins.reduce(0) { $0 + $1.count } == durationsNs.count)
    #expect(bins.first?.count == 1 && bins.last?.count == 1)
    for (one, next) in zip(bins, bins.dropFirst()) { #expect(one.upper == next.lower) }
    for bin in bins {
      let inside = durationsNs.count {
        Double($0) * 1e-9 > bin.lower && Double($0) * 1e-9 <= bin.upper
      }
      #expect(inside == bin.count)
    }
  }
}
