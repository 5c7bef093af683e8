internal import FoundationEssentials
internal import ReproducibleMath
internal import ScoreEngine
internal import ScoreModel
internal import Testing
internal import Training

/// A recipe of an autoencoder that takes milliseconds.
private func smallRecipe() -> TrainingConfiguration {
  var configuration = smallConfiguration()
  configuration.network = .autoencoder
  configuration.autoencoderLayers = [40, 3, 17]
  return configuration
}

private func trainAutoencoder(
  _ events: TrainingEvents, _ configuration: TrainingConfiguration
) throws -> TrainingResult {
  try trainAutoencoder(on: events, configuration: configuration, program: "test 1")
}

/// The network from its definition, in float64, and its loss on the first batch.
private struct FirstReconstruction {
  let shape: NetworkShape
  let rows: [[Double]]

  func loss(_ values: [Double]) -> Double {
    let losses = rows.map { row in
      zip(output(row, values), row).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    return losses.reduce(0, +) / Double(losses.count)
  }

  private func output(_ row: [Double], _ values: [Double]) -> [Double] {
    let layerCount = shape.tensors.count / 2
    return (0..<layerCount).reduce(row) { inputs, layer in
      let weights = shape.range(of: .layerWeight(layer)).lowerBound
      return shape.range(of: .layerBias(layer)).enumerated().map { output, place in
        let sum = inputs.indices.reduce(values[place]) {
          $0 + values[weights + output * inputs.count + $1] * inputs[$1]
        }
        return layer < layerCount - 1 ? max(sum, 0) : sum
      }
    }
  }

  func derivative(_ values: [Double], _ place: Int) -> Double {
    var (above, below) = (values, values)
    above[place] += 1e-6
    below[place] -= 1e-6
    return (loss(above) - loss(below)) / 2e-6
  }
}

@Suite struct AutoencoderTests {
  @Test func gradientIsThatOfTheDocumentedLoss() throws {
    var configuration = smallRecipe()
    configuration.steps = 1
    let events = try StandardisedEvents(smallEvents(), logarithmic: nil, clip: nil)
    let run = try TrainingRun(configuration, events: events)
    run.work(thread: 0) {}
    let gradient = run.gradientMeans
    let shape = configuration.shape(featureCount: 37)
    let start = NetworkParameters(random: shape, seed: configuration.seed)
    let values = start.values.map { Double($0) }
    let stream = TrainingStream.autoencoderEvents.seeded(configuration.seed)
    let problem = FirstReconstruction(
      shape: shape,
      rows: (0..<configuration.batchSize).map { row in
        events[stream.integer(below: events.eventCount, at: UInt64(row))].map { Double($0) }
      })

    #expect(abs(problem.loss(values) / run.history.smoothedLoss - 1) < 1e-5)
    for tensor in shape.tensors {
      let largest = gradient[tensor].map { 10 * abs(Double($0)) }.max() ?? 0
      #expect(largest > 1e-4, "\(tensor)")
      let range = shape.range(of: tensor)
      for place in stride(from: range.lowerBound, to: range.upperBound, by: range.count / 7 + 1) {
        let found = 10 * Double(gradient.values[place])
        let expected = problem.derivative(values, place)
        #expect(abs(found - expected) <= 1e-5 * largest + 1e-8, "\(tensor) \(place)")
      }
    }
  }

  @Test func initialParametersAreUniformInTheirLayersBounds() {
    let shape = NetworkShape(featureCount: 64, autoencoder: [128, 64, 8, 64, 128])
    let start = NetworkParameters(random: shape, seed: 3)
    for (layer, inputCount) in [64, 128, 64, 8, 64, 128].enumerated() {
      let bound = 1 / Double(inputCount).squareRoot()
      for tensor in [NetworkTensor.layerWeight(layer), .layerBias(layer)] {
        let largest = Double(start[tensor].map(abs).max() ?? 0)
        #expect(largest <= bound && largest > 0.6 * bound, "\(tensor)")
      }
    }
  }

  @Test(arguments: InstructionSet.available, [1, 2, 3])
  func threadsAndInstructionSetsDoNotMatter(instructionSet: InstructionSet, threads: Int) throws {
    var configuration = smallRecipe()
    configuration.emaDecay = 0.9
    configuration.instructionSet = .scalar
    let expected = try trainAutoencoder(smallEvents(), configuration).model
    configuration.instructionSet = instructionSet
    configuration.threads = threads
    let found = try trainAutoencoder(smallEvents(), configuration).model
    #expect(
      found.parameters.values.map(\.bitPattern) == expected.parameters.values.map(\.bitPattern))
    #expect(found.encoded() == expected.encoded())
  }

  @Test func theSeedMatters() throws {
    var configuration = smallRecipe()
    let first = try trainAutoencoder(smallEvents(), configuration).model
    configuration.seed = 2
    #expect(try trainAutoencoder(smallEvents(), configuration).model != first)
  }

  /// Events on a plane in ten dimensions go through two hidden numbers.
  @Test func learnsAPlane() throws {
    let stream = RandomStream(seed: 5, stream: 1)
    let features: [Float] = (0..<5_000).flatMap { event in
      let a = stream.gaussian(at: UInt64(2 * event))
      let b = stream.gaussian(at: UInt64(2 * event + 1))
      return (0..<10).map { feature -> Float in
        let mixed: Float = Float(feature - 4) * a + Float(7 - 2 * feature) * b
        return 3 + Float(feature + 1) * mixed
      }
    }
    var configuration = TrainingConfiguration()
    configuration.steps = 1500
    configuration.batchSize = 128
    configuration.autoencoderLayers = [32, 6, 32]
    configuration.learningRate = 5e-3
    configuration.threads = 2
    let result = try trainAutoencoder(
      TrainingEvents(features: features, featureCount: 10), configuration)
    // Ten features of unit variance: an autoencoder that learns nothing has a loss of ten.
    #expect(try #require(result.lossHistory.last?.loss) < 0.1)
    let scorer = EventScorer(
      .exact(ScoringNetwork(model: result.model, instructionSet: .best)), batchMax: 2)
    var off = Array(features[..<10])
    off[3] += 60
    var scores: [Float] = [0, 0]
    scorer.score(
      events: Array(features[..<10]) + off, eventStride: 40, count: 2, scores: &scores,
      attributions: nil, attributionStride: 0)
    #expect(scores[1] > 10 * scores[0])
  }

  @Test func theRecordHoldsTheRecipe() throws {
    var configuration = smallRecipe()
    configuration.clip = 10
    configuration.logarithmicFeatures = [false, true, false]
    let events = TrainingEvents(
      features: correlatedFeatures(eventCount: 20, featureCount: 3), featureCount: 3,
      featureNames: ["a", "b", "c"], sha256: "0123")
    let result = try trainAutoencoder(events, configuration)
    let text = try #require(result.model.trainingRecord)
    for part in [
      "\"method\":\"reconstruction\"", "\"hidden_layers\":[40,3,17]", "\"data_sha256\":\"0123\"",
      "\"logarithmic_features\":[1]", "\"clip\":10", "\"steps\":12",
    ] {
      #expect(text.contains(part), "\(part) in \(text)")
    }
    #expect(!text.contains("sigma") && !text.contains("blocks") && !text.contains("output"))
    #expect(result.model.kind == .autoencoder && result.model.featureNames == ["a", "b", "c"])
  }

  @Test(arguments: [[], [0], [8, -1]])
  func layersOutOfRangeAreNamed(layers: [Int]) {
    var configuration = smallRecipe()
    configuration.autoencoderLayers = layers
    let error = #expect(throws: TrainingError.self) {
      try trainAutoencoder(smallEvents(), configuration)
    }
    guard case .setting("autoencoder layers", _, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func aDivergedTrainingStops() {
    var configuration = smallRecipe()
    configuration.learningRate = 1e30
    configuration.steps = 1000
    #expect(throws: TrainingError.self) { try trainAutoencoder(smallEvents(), configuration) }
  }
}
