import ScoreEngine
import ScoreModel
import Testing

/// An autoencoder with weights as large as PyTorch's initialisation makes them, times `gain`.
private func randomAutoencoder(
  _ featureCount: Int, _ hiddenLayers: [Int], gain: Float = 1, isLogarithmic: [Bool]? = nil,
  clip: Float? = nil, seed: UInt64 = 1
) -> TrainedModel {
  var generator = TestGenerator(seed: seed)
  let shape = NetworkShape(featureCount: featureCount, autoencoder: hiddenLayers)
  var parameters = NetworkParameters(zeros: shape)
  for tensor in shape.tensors {
    let bound = gain / Float(shape.dimensions(of: tensor)[0]).squareRoot()
    parameters[tensor] = generator.floats(shape.elementCount(of: tensor), within: bound)[...]
  }
  return TrainedModel(
    autoencoder: parameters,
    standardiser: Standardiser(
      mean: generator.floats(featureCount, within: 1),
      scale: generator.floats(featureCount, within: 1).map { abs($0) + 0.5 },
      isLogarithmic: isLogarithmic, clip: clip),
    featureNames: nil, trainingRecord: nil)
}

/// Squared residuals in float64, from the definition.
private func referenceAttributions(_ model: TrainedModel, _ event: ArraySlice<Float>) -> [Double] {
  let standardiser = model.standardiser
  let z = event.enumerated().map { index, raw in
    (Double(raw) - Double(standardiser.mean[index])) / Double(standardiser.scale[index])
  }
  var values = z
  let layerCount = model.shape.tensors.count / 2
  for layer in 0..<layerCount {
    let weights = Array(model.parameters[.layerWeight(layer)])
    values = model.parameters[.layerBias(layer)].enumerated().map { row, bias in
      let sum = values.indices.reduce(Double(bias)) {
        $0 + Double(weights[row * values.count + $1]) * values[$1]
      }
      return layer < layerCount - 1 ? max(sum, 0) : sum
    }
  }
  return zip(z, values).map { ($0 - $1) * ($0 - $1) }
}

/// The autoencoder under the same promises as the score network.
@Suite struct ReconstructionTests {
  private static let standard = [128, 64, 8, 64, 128]

  @Test(arguments: [1, 7, 64, 100], [[8], [3, 1], [40, 5, 33], standard, [1, 200, 2, 17]])
  func everyShapeGivesTheScalarBits(featureCount: Int, hiddenLayers: [Int]) {
    let model = randomAutoencoder(featureCount, hiddenLayers)
    var generator = TestGenerator(seed: 7)
    let events = generator.floats(29 * featureCount, within: 3)
    let reference = scorer(model, .scalar).bits(of: events)
    for set in vectorSets { #expect(scorer(model, set).bits(of: events) == reference, "\(set)") }
  }

  @Test(arguments: InstructionSet.available)
  func everyBatchSizeGivesTheSameBits(set: InstructionSet) {
    let model = randomAutoencoder(20, [48, 8, 30])
    var generator = TestGenerator(seed: 3)
    let events = generator.floats(100 * 20, within: 3)
    let reference = scorer(model, .scalar).bits(of: events)
    let tested = scorer(model, set)
    for count in 1...100 {
      #expect(tested.bits(of: events[..<(count * 20)]) == reference.events(0..<count))
    }
    for first in 0..<100 {
      #expect(
        tested.bits(of: events[(first * 20)..<((first + 1) * 20)]) == reference.event(first))
    }
  }

  @Test(arguments: InstructionSet.available, [[1], [16, 3, 16], standard])
  func scoresAreThoseOfTheDefinition(set: InstructionSet, hiddenLayers: [Int]) {
    var generator = TestGenerator(seed: 21)
    let model = randomAutoencoder(64, hiddenLayers)
    let events = generator.floats(14 * 64, within: 4)
    let bits = scorer(model, set).bits(of: events)
    for event in 0..<14 {
      let expected = referenceAttributions(model, events[(event * 64)..<((event + 1) * 64)])
      let score = expected.reduce(0, +)
      #expect(abs(Double(Float(bitPattern: bits.scores[event])) - score) <= 1e-5 * score)
      for (found, attribution) in zip(bits.event(event).attributions, expected) {
        #expect(abs(Double(Float(bitPattern: found)) - attribution) <= 1e-5 * score)
      }
    }
  }

  @Test(arguments: InstructionSet.available, [1, 15, 16, 17, 64, 100])
  func attributionsSumToTheScore(set: InstructionSet, featureCount: Int) {
    var generator = TestGenerator(seed: 22)
    let events = generator.floats(20 * featureCount, within: 3)
    let bits = scorer(randomAutoencoder(featureCount, [32, 4]), set).bits(of: events)
    for event in 0..<20 {
      var lanes = [Float](repeating: 0, count: 16)
      for (index, attribution) in bits.event(event).attributions.enumerated() {
        lanes[index % 16] += Float(bitPattern: attribution)
      }
      for half in [8, 4, 2, 1] {
        for lane in 0..<half { lanes[lane] += lanes[lane + half] }
      }
      #expect(lanes[0].bitPattern == bits.scores[event])
    }
  }

  private static let extremes: [Float] = [
    0, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1e20,
    -1e-20, .nan, .infinity, -.infinity,
  ]

  private static let extremeModels = [
    randomAutoencoder(20, [48, 8, 48]),
    randomAutoencoder(20, [48, 8, 48], gain: 1e13),
    randomAutoencoder(20, [8], isLogarithmic: (0..<20).map { $0 % 3 != 0 }, clip: 3),
  ]

  @Test(arguments: vectorSets, extremeModels.indices)
  func extremesGiveTheScalarBits(set: InstructionSet, model: Int) {
    var generator = TestGenerator(seed: 11)
    let events = (0..<200 * 20).map { _ in
      Int.random(in: 0...15, using: &generator) > 0
        ? Float.random(in: -2...2, using: &generator)
        : Self.extremes[Int.random(in: 0..<Self.extremes.count, using: &generator)]
    }
    let model = Self.extremeModels[model]
    #expect(scorer(model, set).bits(of: events) == scorer(model, .scalar).bits(of: events))
  }

  @Test(arguments: InstructionSet.available)
  func finiteFeaturesNeverGiveNaN(set: InstructionSet) {
    var generator = TestGenerator(seed: 12)
    let finite = Self.extremes.filter(\.isFinite)
    let events = (0..<300 * 20).map { _ in
      finite[Int.random(in: 0..<finite.count, using: &generator)]
    }
    for model in Self.extremeModels {
      let bits = scorer(model, set).bits(of: events)
      #expect((bits.scores + bits.attributions).allSatisfy { !Float(bitPattern: $0).isNaN })
    }
    let overflowing = scorer(Self.extremeModels[1], set).bits(of: events)
    #expect(overflowing.scores.allSatisfy { Float(bitPattern: $0) == .infinity })
  }

  @Test(arguments: InstructionSet.available, [0, 19])
  func eventsThatAreNotFiniteAreNaNAndLeaveOthersAlone(set: InstructionSet, feature: Int) {
    var generator = TestGenerator(seed: 13)
    let good = generator.floats(31 * 20, within: 2)
    let tested = scorer(Self.extremeModels[0], set)
    let expected = tested.bits(of: good)
    for bad in [0, 1, 11, 12, 30] {
      var mixed = good
      mixed[bad * 20 + feature] = .nan
      let bits = tested.bits(of: mixed)
      for event in 0..<31 where event != bad {
        #expect(bits.event(event) == expected.event(event))
      }
      #expect(bits.scores[bad] == Float.nan.bitPattern)
      #expect(bits.event(bad).attributions.allSatisfy { $0 == Float.nan.bitPattern })
    }
  }

  @Test(arguments: [1, 2, 5])
  func workersGiveTheSameBits(workers: Int) throws {
    var generator = TestGenerator(seed: 31)
    let events = generator.floats(501 * 20, within: 3)
    let network = ScoringNetwork(model: Self.extremeModels[0], instructionSet: .best)
    let expected = EventScorer(.exact(network), batchMax: 501).bits(of: events)
    var scores: [UInt32] = []
    try scoreInParallel(
      network: network, workers: workers, eventCount: 501, batchMax: 17, wantsAttributions: false
    ) { range, features in
      for index in (range.lowerBound * 20)..<(range.upperBound * 20) {
        features[index - range.lowerBound * 20] = events[index]
      }
    } consume: { range, found, _ in
      for event in 0..<range.count { scores.append(found[event].bitPattern) }
    }
    #expect(scores == expected.scores)
  }
}
