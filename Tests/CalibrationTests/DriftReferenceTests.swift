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
          name: "a", mean: 2, standardDeviation: 2.0.squareRoot(), range: 1...4,
          nonFiniteCount: 0))
    // Constant: exactly no spread.
    #expect(summary.features[1].mean == Double(Float(7.1)))
    #expect(summary.features[1].standardDeviation == 0)
    #expect(summary.features[2].range == 3...3 && summary.features[2].nonFiniteCount == 2)
    #expect(summary.features[3].range == -1e30...1e30 && summary.features[3].nonFiniteCount == 1)
    let nothing = FeatureAccumulator(featureCount: 1, names: nil).summary.features[0]
    #expect(nothing.name == nil && nothing.mean == nil && nothing.standardDeviation == nil)
    #expect(nothing.range == nil && nothing.nonFiniteCount == 0)
  }

  @Test func chunksMakeNoDifferenceToTheBit() {
    let values = uniformScores(count: 3 * 999, repeatIndex: 0, seed: 42).map { $0 * 100 + 1e4 }
    var whole = FeatureAccumulator(featureCount: 3, names: nil)
    withScores(values) { whole.add($0) }
    var chunked = FeatureAccumulator(featureCount: 3, names: nil)
    for start in stride(from: 0, to: values.count, by: 27) {
      withScores(Array(values[start..<start + 27])) { chunked.add($0) }
    }
    #expect(chunked.summary == whole.summary)
    #expect(abs((whole.summary.features[0].mean ?? 0) - 10_050) < 5)
    #expect(abs((whole.summary.features[0].standardDeviation ?? 0) - 28.9) < 2)
  }
}
