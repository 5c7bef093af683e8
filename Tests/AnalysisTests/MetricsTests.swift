import Analysis
import Calibration
import Testing

private func rates(_ texts: [String] = ReferenceMetrics.targets) throws -> [FalsePositiveRate] {
  try texts.map { try #require(FalsePositiveRate($0)) }
}

private func isClose(_ value: Double?, _ expected: Double?, within tolerance: Double = 1e-12)
  -> Bool
{
  guard let value, let expected else { return value == nil && expected == nil }
  return abs(value - expected) <= tolerance * max(1, abs(expected))
}

@Suite struct MetricsTests {
  @Test(arguments: referenceMetrics)
  func numbersAreThoseOfScikitLearnAndSciPy(reference: ReferenceMetrics) throws {
    let background = ScoreSample(reference.background.scores)
    let signal = ScoreSample(reference.signal.scores)
    let curve = ROCCurve(background: background, signal: signal)
    #expect(isClose(curve.area, reference.auroc))
    #expect(isClose(curve.averagePrecision, reference.averagePrecision))
    #expect(
      isClose(kolmogorovSmirnovDistance(background, signal), reference.kolmogorovSmirnov))
    #expect(
      isClose(
        deLongStandardError(background: background, signal: signal), reference.standardError))
    for (index, target) in try rates().enumerated() {
      let rate = RateAtFPR(
        target: target, background: background, signal: signal, confidence: 0.95)
      #expect(rate.tpr == reference.rates[index], "TPR at \(target)")
      #expect(isClose(rate.tprInterval.lowerBound, reference.rateLows[index], within: 1e-10))
      #expect(isClose(rate.tprInterval.upperBound, reference.rateHighs[index], within: 1e-10))
      #expect(rate.fpr <= target.value)
    }
    let count = min(background.count, signal.count)
    let spearman = rankCorrelation(
      Array(reference.background.scores.prefix(count)),
      Array(reference.signal.scores.prefix(count)))
    #expect(isClose(spearman, reference.spearman))
  }

  @Test func aThresholdIsTheLoosestForItsRate() throws {
    let background = ScoreSample((0..<1000).map(Double.init))
    let signal = ScoreSample([989, 990, 990.5, 2000])
    let target = try #require(FalsePositiveRate("0.01"))
    let rate = RateAtFPR(target: target, background: background, signal: signal, confidence: 0.95)
    #expect(rate.threshold == 989)
    #expect(rate.falsePositives == 10 && rate.truePositives == 3)
    #expect(!rate.isTooFew)
    // The promise of order statistics: k + 1 of n + 1 places lie above.
    #expect(rate.fprInterval.contains(0.01))
  }

  @Test(arguments: [(9_999, true), (10_000, false)])
  func tenBackgroundEventsMustLieAboveAThreshold(count: Int, isTooFew: Bool) throws {
    let rate = RateAtFPR(
      target: try #require(FalsePositiveRate("1e-3")),
      background: ScoreSample((0..<count).map(Double.init)), signal: ScoreSample([1]),
      confidence: 0.95)
    #expect(rate.isTooFew == isTooFew)
  }

  @Test func infinitiesHaveRanksAndNaNHasNone() throws {
    let background = ScoreSample([1, .nan, -.infinity, .infinity, 3])
    let signal = ScoreSample([.infinity, 2, .nan, .nan])
    #expect(background.count == 4 && background.notScorableCount == 1)
    #expect(signal.count == 2 && signal.notScorableCount == 2)
    let curve = ROCCurve(background: background, signal: signal)
    // Infinity beats three and ties with one, 2 beats two: (3 + 1/2 + 2) / 8.
    #expect(curve.area == 5.5 / 8)
    let rate = RateAtFPR(
      target: try #require(FalsePositiveRate("1e-3")), background: background, signal: signal,
      confidence: 0.95)
    #expect(rate.threshold == .infinity && rate.truePositives == 0 && rate.falsePositives == 0)
  }

  @Test func zerosOfBothSignsAreTies() {
    let curve = ROCCurve(background: ScoreSample([0.0, -0.0]), signal: ScoreSample([-0.0, 0.0]))
    #expect(curve.area == 0.5)
    #expect(curve.points.count == 2)
  }

  @Test func areaSurvivesMonotoneMapsAndTurnsWithTheSign() {
    let background = referenceMetrics[1].background.scores
    let signal = referenceMetrics[1].signal.scores
    func area(_ map: (Double) -> Double) -> Double {
      ROCCurve(background: ScoreSample(background.map(map)), signal: ScoreSample(signal.map(map)))
        .area
    }
    let plain = area { $0 }
    #expect(area { $0 * $0 * $0 + 5 } == plain)
    #expect(abs(area { -$0 } - (1 - plain)) < 1e-15)
  }

  @Test func aThinnedCurveKeepsItsEndsAndIsShort() throws {
    let curve = ROCCurve(
      background: ScoreSample(referenceMetrics[3].background.scores),
      signal: ScoreSample(referenceMetrics[3].signal.scores))
    let thinned = curve.thinned(to: 100)
    #expect(thinned.count <= 103)
    let last = try #require(thinned.last)
    #expect(last.falsePositives == curve.backgroundCount && last.truePositives == curve.signalCount)
    #expect(thinned.allSatisfy { curve.points.contains($0) })
    #expect(zip(thinned, thinned.dropFirst()).allSatisfy { $0.truePositives <= $1.truePositives })
  }

  @Test func distancesOfNothingAreNone() {
    #expect(kolmogorovSmirnovDistance(ScoreSample([]), ScoreSample([1])) == nil)
    #expect(rankCorrelation([1], [2]) == nil)
    #expect(rankCorrelation([1, 1, 1], [1, 2, 3]) == nil)
    #expect(rankCorrelation([1, .nan, 3], [1, 2, 3]) == 1)
  }
}
