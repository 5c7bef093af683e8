internal import FoundationEssentials
internal import ReproducibleMath
internal import ScoreEngine
internal import ScoreModel
internal import Testing
internal import Training

/// What is measured after a training, against the same numbers made another way.
@Suite struct NetworkMeasurementTests {
  @Test func everyTwentiethEventIsHeldOut() {
    for count in [0, 19, 20, 21, 39, 40, 1000, 1019] {
      let split = HeldOutSplit(eventCount: count, holdsOut: true)
      let learnt = (0..<split.learntCount).map(split.learntEvent)
      let measured = (0..<split.measuredCount).map(split.measuredEvent)
      #expect(measured == (0..<count).filter { $0 % 20 == 19 })
      #expect(learnt == (0..<count).filter { $0 % 20 != 19 })
      let all = HeldOutSplit(eventCount: count, holdsOut: false)
      #expect((0..<all.learntCount).map(all.learntEvent) == Array(0..<count))
      #expect(all.measuredCount == split.measuredCount)
    }
  }

  /// The network must not see held-out events: changing them changes the standardiser (a little)
  /// and nothing of a network that sees standardised events which stay as they are.
  @Test func theNetworkLearnsNothingOfHeldOutEvents() throws {
    var features = correlatedFeatures(eventCount: 200, featureCount: 3)
    let before = try train(TrainingEvents(features: features, featureCount: 3), recipe())
    // Two held-out events change places: mean and spread stay, to rounding.
    for feature in 0..<3 { features.swapAt(19 * 3 + feature, 39 * 3 + feature) }
    let after = try train(TrainingEvents(features: features, featureCount: 3), recipe())
    #expect(before.model.standardiser == after.model.standardiser)
    #expect(before.model.parameters == after.model.parameters)
    #expect(before.measurement != after.measurement)
  }

  @Test(arguments: Scoring.Output.allCases)
  func explainedNoiseAndNormsAreThoseOfTheNetwork(output: Scoring.Output) throws {
    var configuration = recipe()
    configuration.output = output
    let features = correlatedFeatures(eventCount: 200, featureCount: 5)
    let result = try train(TrainingEvents(features: features, featureCount: 5), configuration)
    let measurement = try #require(result.measurement)
    #expect(measurement.eventCount == 10 && measurement.isHeldOut)
    for level in 0..<3 {
      let expected = definition(result.model, features: features, level: level)
      let row = measurement.levels[level]
      #expect(row.level == level && row.sigma == result.model.sigmas[level])
      #expect(abs(row.explainedNoise - expected.explained) < 1e-4)
      #expect(abs(row.normMean / expected.mean - 1) < 1e-4)
      #expect(abs(row.normSpread / expected.spread - 1) < 1e-3)
    }
  }

  /// The measurement of ten events of five features from its definition, in float64.
  private func definition(
    _ model: TrainedModel, features: [Float], level: Int
  ) -> (explained: Double, mean: Double, spread: Double) {
    let network = ReferenceNetwork(model.parameters)
    let stream = TrainingStream.measuredNoise.seeded(TrainingConfiguration().seed)
    let sigma = Double(model.sigmas[level])
    var errors = 0.0
    var squares = 0.0
    var norms: [Double] = []
    for place in 0..<10 {
      let z = (0..<5).map { j -> Double in
        let raw = Double(features[(place * 20 + 19) * 5 + j])
        let scaler = model.standardiser
        return (raw - Double(scaler.mean[j])) / Double(scaler.scale[j])
      }
      let draw = (0..<5).map { Double(stream.gaussian(at: UInt64((level * 10 + place) * 5 + $0))) }
      for sign in [1.0, -1.0] {
        let noise = draw.map { sign * $0 }
        let o = network.output(zip(z, noise).map { $0 + sigma * $1 }, level: level)
        let learnt = model.scoring.output == .score ? o.map { -sigma * $0 } : o
        errors += sumOfSquares(zip(learnt, noise).map { $0 - $1 })
        squares += sumOfSquares(noise)
      }
      norms.append(sumOfSquares(network.output(z, level: level)))
    }
    let mean: Double = norms.reduce(0, +) / 10
    let variance: Double = sumOfSquares(norms.map { $0 - mean }) / 10
    return (1 - errors / squares, mean, variance.squareRoot())
  }

  private func sumOfSquares(_ values: [Double]) -> Double {
    values.reduce(into: 0.0) { sum, value in sum += value * value }
  }

  /// Two features of correlation r have covariances 1 + r and 1 - r along their diagonals.
  @Test(arguments: [0.05, 0.5, 2.0])
  func theLinearFilterIsThatOfAGaussian(sigma: Double) throws {
    let filter = LinearDenoiser(covariance: [1, 0.8, 0.8, 1], featureCount: 2)
    let square = sigma * sigma
    let expected = (square / (1.8 + square) + square / (0.2 + square)) / 2
    #expect(abs(filter.explainedNoise(sigma: sigma) - expected) < 1e-12)
    let degenerate = LinearDenoiser(covariance: [1, 1, 1, 1], featureCount: 2)
    let half = (square / (2 + square) + 1) / 2
    #expect(abs(degenerate.explainedNoise(sigma: sigma) - half) < 1e-9)
    let diagonal = LinearDenoiser(covariance: [1, 0, 2], featureCount: 3)
    let third = (square / (1 + square) + 1 + square / (2 + square)) / 3
    #expect(abs(diagonal.explainedNoise(sigma: sigma) - third) < 1e-12)
  }

  @Test func threadsAndInstructionSetsDoNotMatter() throws {
    var configuration = recipe()
    configuration.instructionSet = .scalar
    let expected = try train(smallEvents(), configuration)
    configuration.threads = 3
    for instructionSet in InstructionSet.available {
      configuration.instructionSet = instructionSet
      let found = try train(smallEvents(), configuration)
      #expect(found.measurement == expected.measurement)
      #expect(found.model == expected.model)
    }
  }

  /// The alarm: a network that was hardly trained is below the linear filter where it scores, and
  /// is not after a training.
  @Test func aShortTrainingIsToldFromALongOne() throws {
    var configuration = TrainingConfiguration()
    configuration.hiddenWidth = 32
    configuration.blockCount = 1
    configuration.levelCount = 5
    configuration.sigmaMax = 2
    configuration.sigmaMin = 0.2
    configuration.learningRate = 5e-3
    configuration.steps = 30
    let events = bimodalEvents()
    func below(_ result: TrainingResult) throws -> [NoiseLevelSummary] {
      try #require(result.measurement)
        .undertrainedLevels(scoringLevels: result.model.scoring.levels)
    }
    #expect(try !below(try train(events, configuration)).isEmpty)
    configuration.steps = 1500
    #expect(try below(try train(events, configuration)).isEmpty)
  }

  @Test func levelsThatAreGivenLeaveAllEventsToTheTraining() throws {
    var configuration = recipe()
    configuration.scoringLevels = [0, 1]
    let result = try train(smallEvents(), configuration)
    #expect(result.measurement?.isHeldOut == false)
    #expect(result.model.scoring == Scoring(levels: [0, 1], output: .noise))
    #expect(result.model.trainingRecord?.contains("level_table") == false)
  }

  @Test func theRecordHoldsTheTable() throws {
    let result = try train(smallEvents(), recipe())
    struct Record: Decodable {
      struct Row: Decodable {
        let sigma: Float
        let explained_noise: Double
        let linear_explained_noise: Double
        let norm_mean: Double
        let norm_spread: Double
      }
      let scoring_levels: String
      let held_out_events: Int
      let level_table: [Row]
    }
    let text = try #require(result.model.trainingRecord)
    let record = try JSONDecoder().decode(Record.self, from: Data(text.utf8))
    let measurement = try #require(result.measurement)
    #expect(record.scoring_levels == "auto" && record.held_out_events == 10)
    #expect(record.level_table.map(\.sigma) == measurement.levels.map(\.sigma))
    #expect(record.level_table.map(\.explained_noise) == measurement.levels.map(\.explainedNoise))
    #expect(record.level_table.map(\.norm_spread) == measurement.levels.map(\.normSpread))
    #expect(result.model.scoring == automaticScoring(measurement.levels, output: .noise))
  }

  @Test(arguments: [1, 2, 19])
  func tooFewEventsToHoldAnyOutAreRefused(count: Int) throws {
    #expect(throws: TrainingError.tooFewEvents(found: count, needed: 20)) {
      try train(smallEvents(featureCount: 3, eventCount: count), recipe())
    }
  }

  private func recipe() -> TrainingConfiguration {
    var configuration = smallConfiguration()
    configuration.scoringLevels = nil
    return configuration
  }

  /// Two narrow peaks in each of four features: much that a linear filter does not know.
  private func bimodalEvents() -> TrainingEvents {
    let stream = RandomStream(seed: 3, stream: 1)
    let features: [Float] = (0..<4000 * 4).map { place in
      let side: Float = stream.uniform(at: UInt64(place)) < 0.5 ? -1 : 1
      return side + 0.1 * stream.gaussian(at: UInt64(100_000 + place))
    }
    return TrainingEvents(features: features, featureCount: 4)
  }
}
