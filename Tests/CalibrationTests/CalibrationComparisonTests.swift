import Calibration
import DurableFiles
import ReproducibleMath
import Testing

@Suite struct ExceedanceLawTests {
  /// All orders of 4 old and 5 new events, counted one by one.
  @Test(arguments: 1...4)
  func smallSamplesAreEnumerated(rankFromTop: Int) {
    let (oldCount, newCount) = (4, 5)
    var counts = [Int](repeating: 0, count: newCount + 1)
    var orderCount = 0
    for mask in 0..<(1 << (oldCount + newCount)) where mask.nonzeroBitCount == oldCount {
      // Bit i: the i-th largest of all is old.
      var (old, new) = (0, 0)
      for place in 0..<(oldCount + newCount) {
        if mask >> place & 1 == 1 { old += 1 } else { new += 1 }
        if old == rankFromTop { break }
      }
      counts[new] += 1
      orderCount += 1
    }
    let law = ExceedanceLaw(oldCount: oldCount, rankFromTop: rankFromTop, newCount: newCount)
    for count in 0...newCount {
      let atLeast = Double(counts[count...].reduce(0, +)) / Double(orderCount)
      let atMost = Double(counts[...count].reduce(0, +)) / Double(orderCount)
      #expect(abs(law.atLeast(count) - atLeast) < 1e-12)
      #expect(abs(law.atMost(count) - atMost) < 1e-12)
    }
  }

  @Test func tailsMeetAndFall() {
    let law = ExceedanceLaw(oldCount: 100_000, rankFromTop: 100, newCount: 50_000)
    var before = 1.0
    for count in 0...200 {
      let tail = law.atLeast(count)
      #expect(tail <= before + 1e-12)
      #expect(abs(law.atMost(count) + law.atLeast(count + 1) - 1) < 1e-9)
      before = tail
    }
    // Mean 50, and both samples' fluctuations: sqrt(50 + 25) or 8.7.
    #expect(law.pValue(50) > 0.9 && law.pValue(90) < 1e-4 && law.pValue(20) < 1e-3)
  }

  @Test func chanceAloneGivesUniformPValues() {
    var small = 0
    let repeats = 400
    for index in 0..<repeats {
      let scores = uniformScores(count: 3000, repeatIndex: index, seed: 61)
      let threshold = scores[..<1000].sorted(by: >)[19]
      let fired = scores[1000...].count { $0 > threshold }
      let law = ExceedanceLaw(oldCount: 1000, rankFromTop: 20, newCount: 2000)
      if law.pValue(fired) <= 0.05 { small += 1 }
    }
    // At most 5 %, a little less as counts are whole; 38 is exceeded once in a thousand times.
    #expect((6...38).contains(small))
  }

  @Test func kolmogorovsLawAtItsTabulatedPoints() {
    // 1.358 and 1.628 are exceeded with probabilities 0.05 and 0.01.
    let scale = (2.0 / 1000).squareRoot()
    #expect(abs(kolmogorovPValue(distance: 1.358 * scale, 1000, 1000) - 0.05) < 2e-4)
    #expect(abs(kolmogorovPValue(distance: 1.628 * scale, 1000, 1000) - 0.01) < 1e-4)
    #expect(kolmogorovPValue(distance: 0, 10, 10) == 1)
  }
}

@Suite struct CalibrationComparisonTests {
  private func calibrated(
    _ scores: [Float], features: [Float], seed: String = "a model", points: [String]
  ) throws -> (TriggerCalibration, ThresholdAccumulator) {
    let plan = try CalibrationPlan(points.map { try WorkingPointRequest(parsing: $0) })
    var tally = CalibrationTally(scoresKept: scores.count, featureCount: 2, featureNames: nil)
    withScores(scores) {
      tally.scores.add($0)
      tally.histogram.add($0)
    }
    withScores(features) { tally.features.add($0) }
    let part = CalibrationPart(
      basis: CalibrationPart.Basis(
        modelSHA256: SHA256Digest(of: seed), schema: 0, levels: [0], weights: [1], plan: plan,
        screenMargin: nil, unbiasedPrescale: nil), tally: tally)
    return (try part.calibration(screen: nil, created: "", program: ""), tally.scores)
  }

  private func background(_ index: Int, scale: Float, shift: Float) -> ([Float], [Float]) {
    let scores = uniformScores(count: 20_000, repeatIndex: index, seed: 62).map { scale / $0 }
    var features = uniformScores(count: 40_000, repeatIndex: index, seed: 63)
    for index in stride(from: 1, to: features.count, by: 2) { features[index] += shift }
    return (scores, features)
  }

  @Test func theSameBackgroundAgainIsNoChange() throws {
    let (scores, features) = background(0, scale: 1, shift: 0)
    let (later, laterFeatures) = background(1, scale: 1, shift: 0)
    let points = ["loose=0.01", "tight=0.001"]
    let (old, _) = try calibrated(scores, features: features, points: points)
    let (new, kept) = try calibrated(later, features: laterFeatures, points: points)
    let comparison = CalibrationComparison(from: old, to: new, scores: kept)
    #expect(comparison.differences.isEmpty)
    for point in comparison.points {
      let threshold = try #require(point.old?.threshold)
      #expect(point.firedOld == later.count { $0 > threshold })
      #expect(point.pValue ?? 0 > 0.001 && point.intervalsOverlap == true)
    }
    #expect(comparison.points[0].firedNew == 199)
    let distance = try #require(comparison.scoreDistance)
    #expect(distance.largest < 1.5 * distance.noise && distance.pValue > 0.001)
    #expect(try #require(comparison.features).allSatisfy { $0.zMax < 4 })
    let same = CalibrationComparison(from: new, to: new, scores: kept)
    #expect(same.scoreDistance?.largest == 0 && same.points[0].thresholdRatio == 1)
    #expect(same.features?.allSatisfy { $0.zMax == 0 } == true)
  }

  @Test func whatMovedIsFound() throws {
    let (scores, features) = background(0, scale: 1, shift: 0)
    let (later, laterFeatures) = background(1, scale: 2, shift: 0.1)
    let (old, _) = try calibrated(scores, features: features, points: ["a=0.01", "gone=0.1"])
    let (new, kept) = try calibrated(later, features: laterFeatures, points: ["new=0.2", "a=0.01"])
    let comparison = CalibrationComparison(from: old, to: new, scores: kept)
    #expect(comparison.points.map(\.name) == ["new", "a", "gone"])
    #expect(comparison.points[0].old == nil && comparison.points[2].new == nil)
    let point = comparison.points[1]
    #expect(abs((point.thresholdRatio ?? 0) - 2) < 0.4 && point.intervalsOverlap == false)
    #expect(point.pValue ?? 1 < 1e-6)
    #expect(comparison.scoreDistance?.pValue ?? 1 < 1e-6)
    let moved = try #require(comparison.features?.first)
    // 0.1 of a uniform's standard deviation of 0.289.
    #expect(moved.index == 1 && abs((moved.meanShift ?? 0) - 0.346) < 0.05)
  }

  @Test func scoresOfOtherModelsDoNotCompare() throws {
    let (scores, features) = background(0, scale: 1, shift: 0)
    let (old, _) = try calibrated(scores, features: features, seed: "old", points: ["a=0.01"])
    let (new, kept) = try calibrated(scores, features: features, points: ["a=0.01"])
    let comparison = CalibrationComparison(from: old, to: new, scores: kept)
    #expect(comparison.differences.count == 1 && comparison.scoreDistance == nil)
    #expect(comparison.points[0].thresholdRatio == nil && comparison.points[0].pValue == nil)
    #expect(comparison.features?.count == 2)
  }
}
