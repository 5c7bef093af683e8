internal import Testing
internal import Training

@Suite struct RefusalTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    let name: String
    let make: @Sendable (inout TrainingConfiguration) -> Void
    var testDescription: String { name }
  }

  static let mistakes = [
    Mistake(name: "steps") { $0.steps = 0 },
    Mistake(name: "batch") { $0.batchSize = 0 },
    Mistake(name: "threads") { $0.threads = 0 },
    Mistake(name: "learning rate") { $0.learningRate = 0 },
    Mistake(name: "learning rate") { $0.learningRate = .nan },
    Mistake(name: "noise levels") { $0.levelCount = 0 },
    Mistake(name: "sigma-min") { $0.sigmaMin = 0 },
    Mistake(name: "sigma-min") { $0.sigmaMin = .nan },
    Mistake(name: "sigma-max") { $0.sigmaMax = 0.01 },
    Mistake(name: "sigma-max") { $0.sigmaMax = .infinity },
    Mistake(name: "hidden width") { $0.hiddenWidth = 40 },
    Mistake(name: "blocks") { $0.blockCount = 0 },
    Mistake(name: "EMA decay") { $0.emaDecay = 1 },
    Mistake(name: "levels") { $0.scoringLevels = [3] },
    Mistake(name: "levels") { $0.scoringLevels = [1, 1] },
    Mistake(name: "levels") { $0.scoringLevels = [] },
    Mistake(name: "weights") { $0.scoringWeights = [1, 1, 1, 1] },
    Mistake(name: "weights") {
      $0.scoringLevels = [0, 1]
      $0.scoringWeights = [0, 0]
    },
    Mistake(name: "logarithmic features") { $0.logarithmicFeatures = [true] },
    Mistake(name: "clip") { $0.clip = 0 },
  ]

  @Test(arguments: mistakes)
  func settingsOutOfRangeAreNamed(mistake: Mistake) throws {
    var configuration = smallConfiguration()
    mistake.make(&configuration)
    let error = #expect(throws: TrainingError.self) { try train(smallEvents(), configuration) }
    guard case .setting(mistake.name, _, _) = error else {
      Issue.record("\(mistake.name): \(String(describing: error))")
      return
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func aValueThatIsNotFiniteIsPlaced(value: Float) {
    var features = correlatedFeatures(eventCount: 2000, featureCount: 3)
    features[1500 * 3 + 2] = value
    let events = TrainingEvents(
      features: features, featureCount: 3, featureNames: ["pt", "eta", "phi"])
    let error = #expect(throws: TrainingError.self) { try train(events, smallConfiguration()) }
    let text = error?.description ?? ""
    #expect(text.contains("event 1500, feature 2 (phi): found \(value)"), "\(text)")
  }

  @Test func oneEventIsTooFew() {
    let events = TrainingEvents(features: [1, 2, 3], featureCount: 3)
    #expect(throws: TrainingError.tooFewEvents(found: 1, needed: 20)) {
      try train(events, smallConfiguration())
    }
  }

  @Test func aDivergedTrainingStops() {
    var configuration = smallConfiguration()
    configuration.learningRate = 1e30
    configuration.steps = 1000
    configuration.threads = 2
    let error = #expect(throws: TrainingError.self) { try train(smallEvents(), configuration) }
    guard case .diverged(let step, 1e30) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(step >= 1 && step < 10)
  }

  @Test func whatTheSourceThrowsComesThrough() {
    struct Unreadable: Error {}
    let events = TrainingEvents(eventCount: 40, featureCount: 2) { _, _ in throw Unreadable() }
    #expect(throws: Unreadable.self) { try train(events, smallConfiguration()) }
  }
}
