internal import ScoreModel
internal import Testing
internal import Training

/// The rule on tables that no network made.
@Suite struct AutomaticScoringTests {
  @Test(arguments: [
    // The steepest fall is from level 1 to 2: the finest of 2, 3 and 4 that explains an eighth.
    ([0.95, 0.9, 0.5, 0.3, 0.2, 0.1], 4),
    ([0.95, 0.9, 0.5, 0.3, 0.124, 0.1], 3),
    ([0.95, 0.9, 0.3, 0.12, 0.11, 0.1], 2),
    // None does: the coarsest of the three.
    ([0.95, 0.9, 0.1, 0.05, 0.01, 0.5], 2),
    // The fall is at the end: the last three.
    ([0.95, 0.94, 0.93, 0.9, 0.5], 4),
    // Of two equal falls the one at the larger sigma.
    ([0.9, 0.7, 0.5, 0.4, 0.3], 3),
    ([0.9, 0.2], 1),
    ([0.9, 0.1], 0),
    ([0.05], 0),
  ])
  func takesTheFinestLevelThatIsExplained(explained: [Double], expected: Int) {
    let scoring = automaticScoring(table(explained), output: .noise)
    #expect(scoring == Scoring(levels: [expected], weights: [1], output: .noise))
  }

  /// The filter decides where the three are, the network which of them.
  @Test func theNetworkDecidesWithinTheFiltersBand() {
    let levels = table([0.9, 0.8, 0.3, 0.2, 0.1], explained: [0.9, 0.9, 0.5, 0.4, 0.05])
    #expect(automaticScoring(levels, output: .score).levels == [3])
  }

  @Test(arguments: [Double.nan, -.infinity])
  func whatIsNotANumberExplainsNothing(explained: Double) {
    let levels = table(
      [0.9, 0.4, 0.3, 0.2], explained: [explained, explained, explained, explained])
    #expect(automaticScoring(levels, output: .noise).levels == [1])
  }

  /// One Gaussian whose axes have the same variance 1: the filter explains sigma^2 / (1 + sigma^2),
  /// which falls most from 1.08 to 0.65.
  @Test func theNarrowLadderIsTheBandOfTheWhole() {
    var configuration = TrainingConfiguration()
    let filter = LinearDenoiser(covariance: [1, 1, 1], featureCount: 3)
    let ladder = configuration.noiseSchedule.sigmas
    configuration.narrowNoise(filter)
    #expect(configuration.noiseSchedule.sigmas.count == 3)
    #expect(Float(configuration.sigmaMax) == ladder[4])
    #expect(Float(configuration.sigmaMin) == ladder[6])
    #expect(abs(configuration.noiseSchedule.sigmas[1] / ladder[5] - 1) < 1e-5)
  }

  @Test func levelsBelowALinearFilterAreNamed() {
    let measurement = NetworkMeasurement(
      levels: table([0.9, 0.45, 0.31, 0.11], explained: [0.87, 0.5, 0.305, -0.1]),
      eventCount: 10, isHeldOut: true)
    #expect(measurement.undertrainedLevels(scoringLevels: [2, 3, 1]).map(\.level) == [3])
    #expect(measurement.undertrainedLevels(scoringLevels: [0]).map(\.level) == [0])
    #expect(measurement.undertrainedLevels(scoringLevels: [1, 2]).isEmpty)
  }

  @Test func aLevelThatLeavesMuchNoiseIsNamedWhateverScores() {
    let measurement = NetworkMeasurement(
      levels: table([0.96, 0.9, 0.1], explained: [0.925, 0.86, -0.3]),
      eventCount: 10, isHeldOut: true)
    #expect(measurement.undertrainedLevels(scoringLevels: []).map(\.level) == [0])
  }

  private func table(_ linear: [Double], explained: [Double]? = nil) -> [NoiseLevelSummary] {
    linear.indices.map { level in
      NoiseLevelSummary(
        level: level, sigma: 1 / Float(level + 1),
        explainedNoise: explained?[level] ?? linear[level],
        linearExplainedNoise: linear[level], normMean: 1, normSpread: 1)
    }
  }
}
