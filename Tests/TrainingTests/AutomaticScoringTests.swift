internal import ScoreModel
internal import Testing
internal import Training

/// The rule on tables that no network made.
@Suite struct AutomaticScoringTests {
  @Test(arguments: [
    // The steepest fall is from level 1 to 2: levels 2, 3 and 4.
    ([0.95, 0.9, 0.5, 0.3, 0.2, 0.1], [2, 3, 4]),
    // It is at the end: the last three.
    ([0.95, 0.94, 0.93, 0.9, 0.5], [2, 3, 4]),
    // Of two equal falls the one at the larger sigma.
    ([0.9, 0.7, 0.5, 0.4, 0.3], [1, 2, 3]),
    ([0.9, 0.2], [0, 1]),
    ([0.9], [0]),
  ])
  func takesThreeLevelsFromTheSteepestFallOn(linear: [Double], expected: [Int]) {
    let levels = table(linear, spreads: linear.map { _ in 2 })
    #expect(automaticScoring(levels, output: .noise).levels == expected)
  }

  @Test func weightsAreInverseSpreadsThatSumToOne() {
    let levels = table([0.9, 0.4, 0.3, 0.2], spreads: [7, 4, 2, 1])
    let scoring = automaticScoring(levels, output: .score)
    #expect(scoring == Scoring(levels: [1, 2, 3], weights: [1 / 7, 2 / 7, 4 / 7], output: .score))
  }

  @Test(arguments: [0, -.infinity, .infinity, Double.nan, Double.leastNonzeroMagnitude])
  func withoutAUsefulSpreadWeightsAreEqual(spread: Double) {
    let levels = table([0.9, 0.4, 0.3, 0.2], spreads: [7, 4, spread, 1])
    #expect(automaticScoring(levels, output: .noise) == Scoring(levels: [1, 2, 3], output: .noise))
  }

  @Test func levelsBelowALinearFilterAreNamed() {
    let measurement = NetworkMeasurement(
      levels: table(
        [0.9, 0.45, 0.31, 0.11], spreads: [1, 1, 1, 1], explained: [0.87, 0.5, 0.305, -0.1]),
      eventCount: 10, isHeldOut: true)
    #expect(measurement.undertrainedLevels(scoringLevels: [2, 3, 1]).map(\.level) == [3])
    #expect(measurement.undertrainedLevels(scoringLevels: [0]).map(\.level) == [0])
    #expect(measurement.undertrainedLevels(scoringLevels: [1, 2]).isEmpty)
  }

  @Test func aLevelThatLeavesMuchNoiseIsNamedWhateverScores() {
    let measurement = NetworkMeasurement(
      levels: table([0.96, 0.9, 0.1], spreads: [1, 1, 1], explained: [0.925, 0.86, -0.3]),
      eventCount: 10, isHeldOut: true)
    #expect(measurement.undertrainedLevels(scoringLevels: []).map(\.level) == [0])
  }

  private func table(
    _ linear: [Double], spreads: [Double], explained: [Double]? = nil
  ) -> [NoiseLevelSummary] {
    linear.indices.map { level in
      NoiseLevelSummary(
        level: level, sigma: 1 / Float(level + 1),
        explainedNoise: explained?[level] ?? linear[level],
        linearExplainedNoise: linear[level], normMean: 1, normSpread: spreads[level])
    }
  }
}
