internal import FoundationEssentials
internal import ScoreModel
internal import Testing
internal import Training

@Suite struct TrainingRecordTests {
  struct Record: Decodable {
    let program: String
    let data_sha256: String?
    let events: Int
    let features: Int
    let steps: Int
    let batch: Int
    let seed: UInt64
    let learning_rate: Double
    let learning_rate_schedule: String
    let output: String
    let ema_decay: Double?
    let noise_levels: Int
    let hidden: Int
    let blocks: Int
    let clip: Float?
    let logarithmic_features: [Int]
    let rounded_features: [Int]?
    let loss_history: [[Double]]
  }

  @Test(arguments: [NetworkKind.score, .autoencoder])
  func theRecordNamesWhatIsRounding(kind: NetworkKind) throws {
    var configuration = smallConfiguration()
    configuration.network = kind
    configuration.steps = 2
    var features = correlatedFeatures(eventCount: 40, featureCount: 3)
    for event in 0..<40 { features[3 * event + 1] = event == 5 ? Float(7).nextUp : 7 }
    let events = TrainingEvents(features: features, featureCount: 3)
    let result =
      try kind == .score
      ? train(events, configuration)
      : trainAutoencoder(on: events, configuration: configuration, program: "test")
    #expect(result.roundedFeatures == [1])
    let text = try #require(result.model.trainingRecord)
    let record = try JSONDecoder().decode(RoundedFeatures.self, from: Data(text.utf8))
    #expect(record.rounded_features == [1])
  }

  private struct RoundedFeatures: Decodable {
    let rounded_features: [Int]?
  }

  @Test func theRecordHoldsTheRecipe() throws {
    var configuration = smallConfiguration()
    configuration.steps = 250
    configuration.batchSize = 8
    configuration.seed = .max
    configuration.emaDecay = 0.999
    configuration.clip = 10
    configuration.logarithmicFeatures = [false, true, false]
    let events = TrainingEvents(
      features: correlatedFeatures(eventCount: 20, featureCount: 3), featureCount: 3,
      featureNames: ["a", "b", "c"], sha256: "0123")
    let result = try train(events, configuration)
    let text = try #require(result.model.trainingRecord)
    let record = try JSONDecoder().decode(Record.self, from: Data(text.utf8))
    #expect(record.rounded_features == nil)
    #expect(record.program == "test 1" && record.data_sha256 == "0123")
    #expect(record.events == 20 && record.features == 3)
    #expect(record.steps == 250 && record.batch == 8 && record.seed == .max)
    #expect(record.learning_rate == 1e-3 && record.learning_rate_schedule == "cosine")
    #expect(record.output == "noise" && record.ema_decay == 0.999 && record.noise_levels == 3)
    #expect(record.hidden == 48 && record.blocks == 2)
    #expect(record.clip == 10 && record.logarithmic_features == [1])
    #expect(record.loss_history.count == 100 && record.loss_history.last?.first == 250)
    #expect(record.loss_history == result.lossHistory.map { [Double($0.step), $0.loss] })
    #expect(!text.contains("thread") && !text.contains("seconds"))
    #expect(result.model.featureNames == ["a", "b", "c"])
  }

  @Test func theModelSaysHowToScore() throws {
    var configuration = smallConfiguration()
    configuration.scoringLevels = [2, 0]
    configuration.scoringWeights = [0.25, 0.75]
    configuration.output = .score
    let asked = try train(smallEvents(), configuration).model.scoring
    #expect(asked == Scoring(levels: [2, 0], weights: [0.25, 0.75], output: .score))
  }

  @Test func progressEndsWithTheLastStep() throws {
    var seen: [TrainingProgress] = []
    var configuration = smallConfiguration()
    configuration.threads = 2
    let result = try trainScoreNetwork(
      on: smallEvents(), configuration: configuration, program: "test 1"
    ) { seen.append($0) }
    let last = try #require(seen.last)
    #expect(last.step == 12 && last.stepCount == 12 && last.secondsToGo == 0)
    #expect(last.smoothedLoss.isFinite && last.stepsPerSecond > 0)
    #expect(result.cost.threads == 2 && result.cost.wallSeconds > 0)
  }

  @Test func historyPointsAreMeansOfTheirSteps() {
    var history = LossHistory(stepCount: 250)
    for step in 1...250 { history.note(Double(step), step: step) }
    #expect(history.points.count == 100)
    #expect(history.points.prefix(2).map(\.step) == [3, 5])
    #expect(history.points.prefix(2).map(\.loss) == [2, 4.5])
    #expect(history.points.last?.step == 250)
  }
}
