internal import ReproducibleMath
internal import ScoreEngine
internal import ScoreModel
internal import Testing
internal import Training

/// Several networks averaged into one.
@Suite struct AveragedNetworkTests {
  private let shape = NetworkShape(featureCount: 5, hiddenWidth: 32, blockCount: 2, levelCount: 3)

  /// Its output is the mean of the outputs of the members, at every level.
  @Test(arguments: [1, 2, 3])
  func theOutputIsTheMean(count: Int) {
    let members = (0..<count).map { NetworkParameters(random: shape, seed: UInt64($0 + 1)) }
    let averaged = NetworkParameters(averaging: members)
    #expect(averaged.shape.hiddenWidth == 32 * count && averaged.shape.featureCount == 5)
    let stream = RandomStream(seed: 4, stream: 1)
    let points: [Float] = (0..<20 * 5).map { stream.gaussian(at: UInt64($0)) }
    for level in 0..<3 {
      let found = outputs(averaged, points, level: level)
      let parts = members.map { outputs($0, points, level: level) }
      for place in points.indices {
        let mean = parts.reduce(0) { $0 + $1[place] } / Float(count)
        #expect(abs(found[place] - mean) <= 1e-5 * (1 + abs(mean)))
      }
    }
    if count == 1 { #expect(averaged == members[0]) }
  }

  /// A member is what a training from its seed alone gives.
  @Test func membersComeFromOneSeedAfterAnother() throws {
    let events = smallEvents(featureCount: 5, eventCount: 120)
    var configuration = smallConfiguration()
    configuration.scoringLevels = [1]
    var alone: [NetworkParameters] = []
    for seed in UInt64(1)...3 {
      configuration.seed = seed
      alone.append(try train(events, configuration).model.parameters)
    }
    configuration.seed = 1
    configuration.memberCount = 3
    let together = try train(events, configuration)
    #expect(together.model.parameters == NetworkParameters(averaging: alone))
    #expect(together.model.trainingRecord?.contains("\"members\":3") == true)
    #expect(together.model.standardiser.mean.count == 5)
    configuration.threads = 2
    configuration.instructionSet = .scalar
    #expect(try train(events, configuration).model == together.model)
  }

  /// Two where all that asks for them holds; else the number that was given.
  @Test func backgroundAsksForTwo() {
    var configuration = TrainingConfiguration()
    configuration.fitted = [.memberCount, .hiddenWidth, .blockCount]
    let sample = SampleSize(eventCount: 20_000, linearExplainedNoise: 0.25)
    #expect(configuration.chosenMembers(sample, hasDistance: false).count == 2)
    #expect(configuration.chosenMembers(sample, hasDistance: false).reason != nil)
    #expect(configuration.chosenMembers(sample, hasDistance: true).count == 1)
    let few = SampleSize(eventCount: 19_999, linearExplainedNoise: 0.9)
    #expect(configuration.chosenMembers(few, hasDistance: false).count == 1)
    let free = SampleSize(eventCount: 20_000, linearExplainedNoise: 0.24)
    #expect(configuration.chosenMembers(free, hasDistance: false).count == 1)
    configuration.scoringLevels = [1]
    #expect(configuration.chosenMembers(sample, hasDistance: false).count == 1)
    configuration.scoringLevels = nil
    configuration.fitted = [.memberCount, .hiddenWidth]
    #expect(configuration.chosenMembers(sample, hasDistance: false).count == 1)
    configuration.fitted = []
    configuration.memberCount = 4
    let given = configuration.chosenMembers(sample, hasDistance: false)
    #expect(given.count == 4 && given.reason == nil)
  }

  @Test(arguments: [0, 17, -1])
  func otherNumbersAreRefused(count: Int) {
    var configuration = smallConfiguration()
    configuration.memberCount = count
    #expect(throws: TrainingError.self) {
      try train(smallEvents(featureCount: 5, eventCount: 120), configuration)
    }
  }

  /// Of an average the finest of the three candidates does not score.
  @Test func theFinestLevelDoesNotScore() {
    let levels = [0.8, 0.5, 0.4, 0.3].enumerated().map { level, linear in
      NoiseLevelSummary(
        level: level, sigma: 1 / Float(level + 1), explainedNoise: 0.7,
        linearExplainedNoise: linear, normMean: 1, normSpread: 1)
    }
    #expect(automaticScoring(levels, output: .noise).levels == [3])
    #expect(automaticScoring(levels, output: .noise, isAveraged: true).levels == [2])
    #expect(automaticScoring([levels[0]], output: .noise, isAveraged: true).levels == [0])
  }

  private func outputs(_ parameters: NetworkParameters, _ points: [Float], level: Int) -> [Float] {
    let ones = [Float](repeating: 1, count: 5)
    let model = TrainedModel(
      parameters: parameters, sigmas: [3, 2, 1],
      standardiser: Standardiser(mean: ones, scale: ones), featureNames: nil,
      scoring: Scoring(levels: [0], output: .score), trainingRecord: nil)
    let plan = ScoreFieldPlan(field: ScoreField(model: model, instructionSet: .best))
    var scores = [Float](repeating: 0, count: points.count)
    plan.evaluate(points, count: points.count / 5, level: level, scores: &scores)
    return scores
  }
}
