internal import ReproducibleMath
internal import ScoreEngine
internal import ScoreModel
internal import Testing
internal import Training

/// What a training chooses by background: fixed samples, fixed choices.
@Suite struct AdaptiveRecipeTests {
  @Test(arguments: [
    (20, 0.9, 4_000, 256, 128, 3), (19_999, 0.1, 4_000, 256, 128, 3),
    (20_000, 0.24, 20_000, 512, 192, 3), (20_000, 0.25, 20_000, 512, 128, 2),
    (1_000_000, 0.0, 20_000, 512, 192, 3),
  ])
  func widthAndLengthFollowTheSample(
    events: Int, explained: Double, steps: Int, batch: Int, width: Int, blocks: Int
  ) {
    let size = SampleSize(eventCount: events, linearExplainedNoise: explained)
    #expect((size.steps, size.batchSize, size.hiddenWidth) == (steps, batch, width))
    #expect(size.blockCount == blocks)
    var configuration = TrainingConfiguration()
    let before = configuration
    #expect(configuration.fit(size) == nil)
    #expect(configuration == before)
    configuration.fitted = [.steps, .hiddenWidth, .blockCount]
    #expect(configuration.fit(size) != nil)
    #expect(configuration.steps == steps && configuration.hiddenWidth == width)
    #expect(configuration.blockCount == blocks)
    #expect(configuration.batchSize == before.batchSize)
  }

  /// The network scores alone in a large sample without tails whose events are lonely; one thing
  /// less, and the distance is part of the score.
  @Test func theNetworkIsAloneOnlyWhereAllHolds() {
    let lonely = NeighbourFacts(
      eventCount: 20_000, featureCount: 10, meanSquare: 1.01, largest: 16, continuousCount: 5)
    let sigma = (0.05).squareRoot()
    #expect(lonely.reason(sigma: sigma) == nil)
    var facts = lonely
    facts.eventCount = 19_999
    #expect(facts.reason(sigma: sigma)?.contains("19999 events") == true)
    facts = lonely
    facts.largest = 16.1
    #expect(facts.reason(sigma: sigma)?.contains("16.1 standard deviations") == true)
    facts = lonely
    facts.continuousCount = 4
    #expect(facts.reason(sigma: sigma)?.contains("6 of 10 features") == true)
    facts = lonely
    facts.meanSquare = 0.99
    #expect(facts.reason(sigma: sigma)?.contains("near to one another") == true)
  }

  @Test func aSmallSampleGetsAllItsEventsAsPrototypes() throws {
    let events = smallEvents(featureCount: 3, eventCount: 60)
    let result = try train(events, recipe())
    let distance = try #require(result.model.distance)
    #expect(distance.count == 57)
    let standardised = try StandardisedEvents(events, logarithmic: nil, clip: nil)
    let learnt = (0..<60).filter { $0 % 20 != 19 }
    #expect(distance.prototypes == learnt.flatMap { standardised[$0] })
    #expect(result.choices.last?.contains("nearest of 57 training events") == true)
  }

  /// The weight makes the distance twice the network's part, both on background that the nearest
  /// prototype is not part of.
  @Test func theWeightComparesMeansOnBackground() throws {
    let events = smallEvents(featureCount: 3, eventCount: 60)
    let result = try train(events, recipe())
    let distance = try #require(result.model.distance)
    let rows = (0..<57).map { Array(distance.prototypes[$0 * 3..<$0 * 3 + 3]) }
    var sum = 0.0
    for row in rows.indices {
      let others = rows.indices.filter { $0 != row }
      let squares = others.map { squaredDistance(rows[row], rows[$0]) }
      sum += squares.min() ?? 0
    }
    let level = try #require(result.model.scoring.levels.first)
    let norm = try #require(result.measurement).levels[level].normMean
    let expected = 2 * norm / (sum / 57)
    #expect(abs(Double(distance.weight) / expected - 1) < 1e-6)
    var configuration = recipe()
    configuration.distance = .weighted(0.5)
    let quarter = try #require(try train(events, configuration).model.distance)
    #expect(abs(quarter.weight / distance.weight - 0.25) < 1e-6)
  }

  @Test func choicesByHandAreTaken() throws {
    var configuration = recipe()
    configuration.distance = .none
    let events = smallEvents(featureCount: 3, eventCount: 60)
    #expect(try train(events, configuration).model.distance == nil)
    configuration = recipe()
    configuration.scoringLevels = [1]
    #expect(try train(events, configuration).model.distance == nil)
    configuration.distance = .weighted(3)
    #expect(try train(events, configuration).model.distance != nil)
    for factor in [0, -1, .infinity, Double.nan, 1e39] {
      configuration.distance = .weighted(factor)
      #expect(throws: TrainingError.self) { try train(events, configuration) }
    }
  }

  /// Events that are all the same have no distance to one another.
  @Test func withoutDifferencesThereIsNoDistance() throws {
    let events = TrainingEvents(features: [Float](repeating: 3, count: 120), featureCount: 2)
    #expect(try train(events, recipe()).model.distance == nil)
  }

  @Test func threadsAndInstructionSetsDoNotMatter() throws {
    var configuration = recipe()
    configuration.fitted = [.batchSize]
    configuration.instructionSet = .scalar
    let expected = try train(smallEvents(featureCount: 5, eventCount: 90), configuration)
    configuration.threads = 3
    for instructionSet in InstructionSet.available {
      configuration.instructionSet = instructionSet
      let found = try train(smallEvents(featureCount: 5, eventCount: 90), configuration)
      #expect(found.model == expected.model)
      #expect(found.choices == expected.choices)
    }
  }

  private func squaredDistance(_ a: [Float], _ b: [Float]) -> Double {
    var sum = 0.0
    for j in a.indices {
      let difference = Double(a[j] - b[j])
      sum += difference * difference
    }
    return sum
  }

  private func recipe() -> TrainingConfiguration {
    var configuration = smallConfiguration()
    configuration.levelCount = 10
    configuration.narrowsNoise = true
    return configuration
  }
}
