import Testing
import TriggerPipeline

@Suite struct FixedHistogramTests {
  @Test func boundsAreInclusiveAndTheRestGoesAbove() {
    let histogram = FixedHistogram(upperBounds: [1, 2, 5])
    for value in [0, 1, 1.5, 2, 2.1, 5, 5.1, .infinity] { histogram.record(value) }
    #expect(histogram.bucketCounts == [2, 2, 2, 2])
    #expect(histogram.sum == FixedHistogram.valueMax)
  }

  /// Many at once count as one by one, for any number of bounds; values that are NaN are left out.
  @Test(arguments: 0..<10)
  func manyAtOnceCountAsOneByOne(boundCount: Int) {
    let bounds = (0..<boundCount).map { Double($0 * $0) }
    let (together, apart) = (
      FixedHistogram(upperBounds: bounds), FixedHistogram(upperBounds: bounds)
    )
    var values = (-2...200).map { Float($0) / 2 }
    values += [.infinity, -.infinity, .greatestFiniteMagnitude, .nan]
    together.record(values, count: values.count)
    for value in values where !value.isNaN { apart.record(Double(value)) }
    #expect(together.bucketCounts == apart.bucketCounts)
    #expect(together.bucketCounts.reduce(0, +) == UInt64(values.count - 1))
    #expect(together.sum == apart.sum)
  }

  /// Every bound, and the numbers next to it, where bounds share an octave, straddle 0 or have none.
  @Test(arguments: [
    FixedHistogram.decades(-6, through: 7), [1, 2, 4, 8, 16], [-3, -2.5, -1, -0.5, 0, 0.5, 1],
    [0, .leastNonzeroMagnitude, .leastNormalMagnitude, 1, 1.25, 1.5, 1.75, 1e300], [],
  ])
  func bucketsAreThoseOfAComparisonWithEachBound(bounds: [Double]) {
    let values =
      bounds.flatMap { [$0.nextDown, $0, $0.nextUp, -$0] }
      + [0, -0.0, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude]
    for value in values {
      let histogram = FixedHistogram(upperBounds: bounds)
      histogram.record(value)
      let expected = bounds.filter { $0 < value }.count
      #expect(histogram.bucketCounts.firstIndex(of: 1) == expected, "\(value)")
    }
  }

  @Test func infiniteValuesLeaveTheSumANumber() {
    let histogram = FixedHistogram(upperBounds: [1])
    for value in [Double.infinity, .greatestFiniteMagnitude, -.infinity] {
      histogram.record(value, weight: .max)
    }
    #expect(histogram.sum.isFinite)
    #expect(histogram.bucketCounts == [.max, .max &+ .max])
  }

  @Test func sumIsTheSumOfValues() {
    let histogram = FixedHistogram(upperBounds: [10])
    histogram.record(3)
    histogram.record(4, weight: 2)
    #expect(histogram.sum == 11)
    #expect(histogram.bucketCounts == [3, 0])
  }

  @Test func decadesAreOneTwoFive() {
    #expect(FixedHistogram.decades(-1, through: 1) == [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50])
  }
}

@Suite struct RunLedgerReportTests {
  @Test func balanceIsBothSums() {
    var report = RunLedgerReport(
      run: 3, source: 1, closing: .endOfRun, expected: 12, received: 10, lost: 2, events: 9,
      scored: 7, notFinite: 1, repeated: 1, shed: 0, flagged: 1, unbiased: 0)
    #expect(report.isBalanced)
    report.lost = 1
    #expect(!report.isBalanced)
    report.lost = 2
    report.scored = 6
    #expect(!report.isBalanced)
    #expect(report.json.hasPrefix("{\"run\": 3, \"source\": 1, \"closing\": \"end_of_run\""))
  }
}
