import Calibration
import Testing

@Suite struct ThresholdRankTests {
  private func rank(_ rate: String, _ count: Int) throws -> Int {
    let rate = try #require(FalsePositiveRate(rate))
    return count + 1
      - RateGuarantee.expected.rankFromTop(rate: rate, count: count, confidence: 0.95)
  }

  /// ceil((N + 1)(1 - a)), with whole (N + 1) a and one to each side, where doubles go wrong.
  @Test(arguments: [
    ("1e-3", 100_000, 99_901), ("1e-3", 99_999, 99_900), ("1e-3", 99_998, 99_900),
    ("1e-3", 999, 999), ("1e-2", 99, 99), ("1e-2", 100_000, 99_001), ("0.1", 9, 9), ("0.1", 10, 10),
    ("0.07", 99, 93), ("0.29", 99, 71), ("0.57", 99, 43), ("0.5", 1, 1), ("0.9", 9, 1),
    ("0.999999999999999999", 5, 1), ("1e-15", 999_999_999_999_999, 999_999_999_999_999),
  ])
  func expectedRankIsExact(rate: String, count: Int, expected: Int) throws {
    #expect(try rank(rate, count) == expected)
  }

  @Test func expectedRankFollowsItsDefinition() throws {
    // a = p / 1000, so (N + 1)(1 - a) = (N + 1)(1000 - p) / 1000 in integers.
    for p in stride(from: 1, to: 1000, by: 7) {
      for count in 1...60 {
        let rounded = ((count + 1) * (1000 - p) + 999) / 1000
        #expect(try rank("\(p)e-3", count) == rounded)
      }
    }
  }

  @Test(arguments: [("1e-6", 999_999), ("1e-3", 999), ("0.3", 3), ("0.5", 1), ("0.9", 1)])
  func expectedCountNeededIsTheFewest(rate: String, needed: Int) throws {
    let parsed = try #require(FalsePositiveRate(rate))
    #expect(RateGuarantee.expected.countNeeded(rate: parsed, confidence: 0.95) == needed)
    #expect(try rank(rate, needed) <= needed)
    #expect(try needed == 1 || rank(rate, needed - 1) > needed - 1)
  }

  @Test(arguments: ReferenceValues.ranksWithConfidence)
  func rankWithConfidenceAgrees(
    rate: String, count: Int, confidence: Double, fromTop: Int
  ) throws {
    let parsed = try #require(FalsePositiveRate(rate))
    let found = RateGuarantee.withConfidence.rankFromTop(
      rate: parsed, count: count, confidence: confidence)
    #expect(found == fromTop)
  }

  @Test(arguments: ReferenceValues.countsWithConfidence)
  func countWithConfidenceAgrees(rate: String, confidence: Double, count: Int) throws {
    let parsed = try #require(FalsePositiveRate(rate))
    let needed = RateGuarantee.withConfidence.countNeeded(rate: parsed, confidence: confidence)
    #expect(needed == count)
  }
}
