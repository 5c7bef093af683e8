import Glibc
import ScoreEngine
import ScoreModel
import Testing

/// The definition of the score in float64, written without regard to speed or order.
private func referenceAttributions(_ model: TrainedModel, _ event: ArraySlice<Float>) -> [Double] {
  let parameters = model.parameters
  func affine(_ weight: NetworkTensor, _ bias: NetworkTensor, _ input: [Double]) -> [Double] {
    let (weights, biases) = (parameters[weight].map(Double.init), parameters[bias])
    return biases.enumerated().map { row, bias in
      zip(weights[(row * input.count)..<((row + 1) * input.count)], input)
        .reduce(Double(bias)) { $0 + $1.0 * $1.1 }
    }
  }
  func silu(_ values: [Double]) -> [Double] { values.map { $0 / (1 + exp(-$0)) } }
  let standardiser = model.standardiser
  let z = event.enumerated().map { index, raw in
    let entered =
      standardiser.isLogarithmic[index] ? log1p(max(Double(raw), 0)) : Double(raw)
    let value = (entered - Double(standardiser.mean[index])) / Double(standardiser.scale[index])
    let limit = standardiser.clip.map(Double.init) ?? .infinity
    return min(max(value, -limit), limit)
  }
  let width = model.shape.hiddenWidth
  var attributions = [Double](repeating: 0, count: z.count)
  for (level, weight) in zip(model.scoring.levels, model.scoring.weights) {
    let embedding = Array(parameters[.sigmaEmbedding])[(level * width)..<((level + 1) * width)]
    var hidden = zip(affine(.inputWeight, .inputBias, z), embedding).map { $0 + Double($1) }
    for block in 0..<model.shape.blockCount {
      hidden = zip(hidden, affine(.blockWeight(block), .blockBias(block), silu(hidden))).map(+)
    }
    let outputs = affine(.outputWeight, .outputBias, silu(hidden))
    for (index, output) in outputs.enumerated() {
      attributions[index] += Double(weight) * output * output
    }
  }
  return attributions
}

@Suite struct ReferenceNetworkTests {
  @Test(
    arguments: InstructionSet.available,
    [
      NetworkShape(featureCount: 1, hiddenWidth: 16, blockCount: 0, levelCount: 2),
      NetworkShape(featureCount: 37, hiddenWidth: 80, blockCount: 2, levelCount: 4),
      NetworkShape.reference,
    ])
  func scoresAreThoseOfTheDefinition(set: InstructionSet, shape: NetworkShape) {
    var generator = TestGenerator(seed: 21)
    let levels = (0..<min(3, shape.levelCount)).map { shape.levelCount - 1 - $0 }
    let isLogarithmic = (0..<shape.featureCount).map { $0 % 4 == 1 }
    let model = randomModel(
      shape, levels: levels, isLogarithmic: isLogarithmic, clip: 4, seed: 8)
    let events = generator.floats(8 * shape.featureCount, within: 6)
    let bits = scorer(model, set).bits(of: events)
    for event in 0..<8 {
      let row = events[(event * shape.featureCount)..<((event + 1) * shape.featureCount)]
      let expected = referenceAttributions(model, row)
      let score = expected.reduce(0, +)
      #expect(abs(Double(Float(bitPattern: bits.scores[event])) - score) <= 1e-5 * score)
      for (found, attribution) in zip(bits.event(event).attributions, expected) {
        #expect(abs(Double(Float(bitPattern: found)) - attribution) <= 1e-5 * score)
      }
    }
  }

  /// As the documents tell it: 16 lanes, then halves.
  private func documentedSum(_ attributions: [Float]) -> Float {
    var lanes = [Float](repeating: 0, count: 16)
    for (index, attribution) in attributions.enumerated() { lanes[index % 16] += attribution }
    for half in [8, 4, 2, 1] {
      for lane in 0..<half { lanes[lane] += lanes[lane + half] }
    }
    return lanes[0]
  }

  @Test(arguments: InstructionSet.available, [1, 15, 16, 17, 64, 100])
  func attributionsSumToTheScore(set: InstructionSet, featureCount: Int) {
    let shape = NetworkShape(
      featureCount: featureCount, hiddenWidth: 32, blockCount: 1, levelCount: 4)
    var generator = TestGenerator(seed: 22)
    let events = generator.floats(20 * featureCount, within: 3)
    let bits = scorer(randomModel(shape, levels: [3, 1, 2]), set).bits(of: events)
    for event in 0..<20 {
      let attributions = bits.event(event).attributions.map { Float(bitPattern: $0) }
      #expect(documentedSum(attributions).bitPattern == bits.scores[event])
    }
  }

  @Test(arguments: InstructionSet.available)
  func levelsAddInTheirListedOrder(set: InstructionSet) {
    let shape = NetworkShape(featureCount: 5, hiddenWidth: 32, blockCount: 1, levelCount: 14)
    let model = randomModel(shape, levels: [0])
    var generator = TestGenerator(seed: 23)
    let events = generator.floats(6 * 5, within: 3)
    let levels = [13, 2, 0, 7, 1, 3, 4, 12, 6, 5, 8, 11, 10, 9]
    let weights = generator.floats(14, within: 1).map { abs($0) }
    let together = scorer(
      model, set, scoring: Scoring(levels: levels, weights: weights, output: .noise)
    ).bits(of: events)
    // Each level alone with weight 1 gives the squares of its outputs.
    var sums = [Float](repeating: 0, count: 30)
    for (index, level) in levels.enumerated() {
      let alone = scorer(
        model, set, scoring: Scoring(levels: [level], weights: [1], output: .noise)
      ).bits(of: events)
      for (feature, square) in alone.attributions.enumerated() {
        let share = weights[index] * Float(bitPattern: square)
        sums[feature] = index == 0 ? share : sums[feature] + share
      }
    }
    #expect(together.attributions == sums.map(\.bitPattern))
  }
}
