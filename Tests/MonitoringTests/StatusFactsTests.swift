internal import Calibration
internal import Monitoring
internal import Testing
internal import TriggerPipeline

/// The numbers that are computed for a status.
@Suite struct StatusFactsTests {
  /// 2 values in (0, 0.75], 5 in (0.75, 2], none in (2, 3], 1 in (3, 7].
  @Test(arguments: [(0, 0), (0.25, 0.75), (0.5, 1.25), (0.99, 6.68), (1, 7)])
  func quantilesAreThoseOfPrometheus(probability: Double, expected: Double) throws {
    let histogram = HistogramFacts(
      upperBounds: [0.75, 2, 3, 7], counts: [2, 5, 0, 1, 0], sum: 0)
    let quantile = try #require(histogram.quantile(probability))
    #expect(abs(quantile - expected) < 1e-12)
  }

  @Test func quantilesAboveTheLastBoundStandAtIt() {
    let histogram = HistogramFacts(upperBounds: [1, 2], counts: [0, 0, 5], sum: 0)
    #expect(histogram.quantile(0.5) == 2)
    #expect(HistogramFacts(upperBounds: [1], counts: [0, 0], sum: 0).quantile(0.5) == nil)
  }

  @Test func realisedRateIsExactForFewTrials() {
    let rate = RealisedRate(fired: 10, scored: 1_000, confidence: 0.95)
    #expect(rate.interval == clopperPearson(successes: 10, trials: 1_000, confidence: 0.95))
    #expect(rate.rate == 0.01)
    let none = RealisedRate(fired: 0, scored: 0, confidence: 0.95)
    #expect(none.interval == 0...1)
    #expect(none.rate == nil)
    #expect(RealisedRate(fired: 3, scored: 2, confidence: 0.95).rate == 1)
  }

  /// Beyond a million trials both short cuts stay within 1 % of the exact interval's width.
  @Test(arguments: [0, 1, 12, 999, 1_000, 1_001, 20_000, 300_000] as [Int])
  func realisedRateIsCloseToExactForMany(fired: Int) {
    let trials = 3_000_000
    let exact = clopperPearson(successes: fired, trials: trials, confidence: 0.95)
    let rate = RealisedRate(fired: UInt64(fired), scored: UInt64(trials), confidence: 0.95)
    let width = exact.upperBound - exact.lowerBound
    #expect(abs(rate.interval.lowerBound - exact.lowerBound) < 0.01 * width)
    #expect(abs(rate.interval.upperBound - exact.upperBound) < 0.01 * width)
  }

  /// Next to no confidence leaves an interval of next to no width, which is not turned round.
  @Test(
    arguments: [.leastNonzeroMagnitude, 1e-6, 1 - 1e-16] as [Double],
    [0, 999, 1_001, 1_500_000, 3_000_000] as [UInt64])
  func anyConfidenceHasAnInterval(confidence: Double, fired: UInt64) {
    for scored: UInt64 in [fired, 3_000_000, .max] where scored >= fired {
      let rate = RealisedRate(fired: fired, scored: scored, confidence: confidence)
      #expect(rate.interval.lowerBound >= 0 && rate.interval.upperBound <= 1)
    }
  }

  /// Two sources that each lost all that a sequence can count ended the daemon.
  @Test func sumsOfCountersStopAtTheLargest() {
    var ledger = LedgerFacts()
    ledger.sources = [1, 2].map {
      LedgerFacts.Source(number: $0, received: .max, lost: .max, late: .max - 1)
    }
    ledger.refusals = ledger.refusals.map { .init(reason: $0.reason, count: .max) }
    #expect(ledger.received == .max && ledger.lost == .max && ledger.late == .max)
    #expect(ledger.rejected == .max)
    var output = OutputFacts()
    (output.publishedFlagged, output.publishedUnbiased) = (.max, 1)
    #expect(output.published == .max)
    let histogram = HistogramFacts(upperBounds: [1, 2], counts: [.max, .max, 1], sum: 0)
    #expect(histogram.count == .max && histogram.quantile(0.5) != nil)
    var page = PrometheusText()
    page.histogram(
      "tamis_test", help: "A test.",
      [HistogramSample(upperBounds: [1, 2], counts: [.max, .max, 1], sum: 0)])
    #expect(String(decoding: page.bytes, as: UTF8.self).contains("_count 18446744073709551615"))
  }

  @Test func referenceKeepsItsEventsWhereItIsCutAnew() throws {
    var histogram = ScoreHistogram()
    var scores: [Float] = [1e-9, 3e20, .nan]
    for index in 0..<10_000 { scores.append(Float(index) + 0.5) }
    scores.withUnsafeBufferPointer { histogram.add($0) }
    let bounds = FixedHistogram.decades(0, through: 3)
    let shares = try #require(referenceShares(of: histogram, upperBounds: bounds))
    #expect(shares.count == bounds.count + 1)
    #expect(abs(shares.reduce(0, +) - 1) < 1e-12)
    // Uniform scores: a bucket's share is its length, to a bin's resolution.
    for (bucket, upper) in bounds.enumerated() where bucket > 5 {
      let share = (upper - bounds[bucket - 1]) / 10_002
      #expect(abs(shares[bucket] - share) < 0.06 * share)
    }
    #expect(abs(shares[bounds.count] - 5_001 / 10_002) < 0.01)
    #expect(referenceShares(of: ScoreHistogram(), upperBounds: bounds) == nil)
  }

  @Test func processIsReadFromTheKernelsTexts() {
    let facts = ProcessFacts(
      stat: "4242 (tamis) d (x)) S 1 4242 4242 0 -1 4194560 900 0 3 0 1234 66 0 0 20 0 9 0 "
        + "360000 812345 15000 18446744073709551615 1 1 0\n",
      limits: "Limit  Soft Limit  Hard Limit  Units\nMax open files  1024  524288  files\n",
      systemStat: "cpu 1 2 3\nbtime 1764000000\nprocesses 9\n", openDescriptors: 12,
      ticksPerSecond: 100, pageByteCount: 4_096)
    #expect(
      facts
        == ProcessFacts(
          residentBytes: 61_440_000, cpuSeconds: 13, openDescriptors: 12, maxDescriptors: 1_024,
          startSeconds: 1_764_003_600))
  }

  @Test(arguments: ["", "4242 tamis S 1", "4242 (tamis) S 1 2"])
  func otherTextsAreNothing(stat: String) {
    #expect(
      ProcessFacts(
        stat: stat, limits: "", systemStat: "btime 1\n", openDescriptors: 1, ticksPerSecond: 100,
        pageByteCount: 4_096) == nil)
  }

  @Test func thisProcessIsRunning() throws {
    let facts = try #require(ProcessFacts())
    #expect(facts.residentBytes > 1_000_000)
    #expect(facts.openDescriptors >= 3)
    #expect(facts.startSeconds > 1.6e9)
  }
}
