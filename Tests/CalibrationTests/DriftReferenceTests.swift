import Calibration
import ReproducibleMath
import Testing

@Suite struct DriftReferenceTests {
  @Test func binsMeetWithoutGapsAndHoldTheirEdges() {
    #expect(ScoreHistogram.scores(inBin: 0).lowerBound == 0x1p-16)
    #expect(ScoreHistogram.scores(inBin: ScoreHistogram.binCount - 1).upperBound == 0x1p48)
    #expect(ScoreHistogram.scores(inBin: 128 + 3) == 1.375..<1.5)
    for bin in 0..<ScoreHistogram.binCount {
      let scores = ScoreHistogram.scores(inBin: bin)
      #expect(ScoreHistogram.bin(of: scores.lowerBound) == bin)
      #expect(ScoreHistogram.bin(of: scores.upperBound.nextDown) == bin)
      #expect(ScoreHistogram.bin(of: scores.upperBound) == bin + 1)
    }
  }

  @Test func scoresOutsideTheBinsAreCountedApart() {
    var histogram = ScoreHistogram()
    let scores: [Float] = [
      0, -0.0, -5, -.infinity, Float(0x1p-16).nextDown, 0x1p-16, 1, 0x1p48, .infinity, .nan, -.nan,
    ]
    withScores(scores) { histogram.add($0) }
    #expect(histogram.underflow == 5 && histogram.overflow == 2 && histogram.notScorable == 2)
    #expect(histogram.counts[0] == 1 && histogram.counts[128] == 1)
    #expect(histogram.counts.reduce(0, +) == 2)
  }

  @Test func histogramsOfPartsMerge() {
    let scores = uniformScores(count: 1000, repeatIndex: 0, seed: 41).map { 1e5 * $0 * $0 - 10 }
    var whole = ScoreHistogram()
    withScores(scores) { whole.add($0) }
    var parts = ScoreHistogram()
    for start in stride(from: 0, to: 1000, by: 250) {
      var part = ScoreHistogram()
      withScores(Array(scores[start..<start + 250])) { part.add($0) }
      parts.merge(part)
    }
    #expect(parts == whole)
  }

  @Test func featuresHaveTheirMomentsAndExtremes() {
    var accumulator = FeatureAccumulator(featureCount: 4, names: ["a", "b", "c", "d"])
    withScores([1, 7.1, .nan, 1e30, 1, 7.1, .infinity, -1e30, 4, 7.1, 3, .nan]) {
      accumulator.add($0)
    }
    let summary = accumulator.summary
    #expect(summary.eventCount == 3)
    #expect(
      summary.features[0]
        == FeatureSummary.Feature(
          name: "a", mean: 2, standardDeviation: 2.0.squareRoot(), kurtosis: 1.5, range: 1...4,
          nonFiniteCount: 0))
    // Constant: exactly no spread.
    #expect(summary.features[1].mean == Double(Float(7.1)))
    #expect(summary.features[1].standardDeviation == 0 && summary.features[1].kurtosis == nil)
    #expect(summary.features[2].range == 3...3 && summary.features[2].nonFiniteCount == 2)
    #expect(summary.features[3].range == -1e30...1e30 && summary.features[3].nonFiniteCount == 1)
    let nothing = FeatureAccumulator(featureCount: 1, names: nil).summary.features[0]
    #expect(nothing.name == nil && nothing.mean == nil && nothing.standardDeviation == nil)
    #expect(nothing.range == nil && nothing.nonFiniteCount == 0)
  }

  @Test func orderChunksAndPartsMakeNoDifferenceToTheBit() {
    let random = RandomStream(seed: 42, stream: 0)
    // From 1e-30 to 1e30, of both signs, some of them zeros of either sign, some not finite.
    var events = (0..<999).map { event in
      (0..<3).map { feature -> Float in
        let u = random.uniform(at: UInt64(3 * event + feature))
        switch event % 50 {
        case 7: return .nan
        case 8: return feature == 1 ? -0.0 : 0.0
        default: return Float((u - 0.4) * portablePower(10, 60 * u - 30))
        }
      }
    }
    func accumulated(_ events: ArraySlice<[Float]>) -> FeatureAccumulator {
      var accumulator = FeatureAccumulator(featureCount: 3, names: nil)
      withScores(Array(events.joined())) { accumulator.add($0) }
      return accumulator
    }
    let whole = accumulated(events[...])
    for round in 0..<10 {
      for index in stride(from: events.count - 1, to: 0, by: -1) {
        let place = random.integer(below: index + 1, at: UInt64(10_000 + 1000 * round + index))
        events.swapAt(index, place)
      }
      let cut = random.integer(below: 999, at: UInt64(round))
      var parts = accumulated(events[cut...])
      parts.merge(accumulated(events[..<cut]))
      #expect(parts == whole && parts.summary == whole.summary)
    }
  }

  /// A standard deviation of 1 at a mean of 1e7, where squares of float64 would leave no digit.
  @Test func momentsFarFromZeroLoseNothing() {
    let values = uniformScores(count: 4096, repeatIndex: 0, seed: 44).map {
      ($0 * 8).rounded(.down)
    }
    func summary(offset: Float) -> FeatureSummary.Feature {
      var accumulator = FeatureAccumulator(featureCount: 1, names: nil)
      withScores(values.map { $0 + offset }) { accumulator.add($0) }
      return accumulator.summary.features[0]
    }
    let (near, far) = (summary(offset: 0), summary(offset: 0x1p23))
    #expect(far.standardDeviation == near.standardDeviation && far.kurtosis == near.kurtosis)
    #expect(abs((near.kurtosis ?? 0) - 0.6 * 185 / 63) < 0.05)
  }

  @Test func conditionsThatAreKnownAreSummarised() {
    var accumulator = ConditionAccumulator()
    withScores([.nan, .infinity]) { accumulator.add($0) }
    #expect(accumulator.summary == nil)
    withScores([30, .nan, 34]) { accumulator.add($0) }
    #expect(
      accumulator.summary == ConditionSummary(eventCount: 2, mean: 32, standardDeviation: 2))
  }
}
