internal import ReproducibleMath
internal import Sampling
internal import ScoreEngine
internal import ScoreModel
internal import Testing
internal import Training

/// A network of random weights: what it samples means nothing, but always the same.
private func randomModel(
  featureCount: Int = 7, standardiser: Standardiser? = nil, gain: Float = 1
) -> TrainedModel {
  let shape = NetworkShape(
    featureCount: featureCount, hiddenWidth: 32, blockCount: 1, levelCount: 3)
  var parameters = NetworkParameters(random: shape, seed: 5)
  for place in parameters.values.indices { parameters.values[place] *= gain }
  let ones = [Float](repeating: 1, count: featureCount)
  return TrainedModel(
    parameters: parameters, sigmas: [0.125, 2, 0.5],
    standardiser: standardiser ?? Standardiser(mean: ones.map { 0 * $0 }, scale: ones),
    featureNames: nil, scoring: Scoring(levels: [0], output: .noise), trainingRecord: nil)
}

private func sample(
  _ model: TrainedModel, _ samples: Range<UInt64>, recipe: LangevinRecipe = shortRecipe(),
  instructionSet: InstructionSet = .best
) throws -> [Float] {
  let sampler = try LangevinSampler(model: model, recipe: recipe, instructionSet: instructionSet)
  var events = [Float](repeating: -1, count: samples.count * model.shape.featureCount)
  try events.withUnsafeMutableBufferPointer { try sampler.fill($0, samples: samples) }
  return events
}

private func shortRecipe() -> LangevinRecipe {
  var recipe = LangevinRecipe()
  recipe.stepsPerLevel = 4
  return recipe
}

@Suite struct LangevinTests {
  @Test(arguments: InstructionSet.available)
  func aSampleIsAFunctionOfItsPlace(instructionSet: InstructionSet) throws {
    let model = randomModel()
    let all = try sample(model, 0..<230, instructionSet: .scalar)
    #expect(Set(all).count > 1_500)
    for range: Range<UInt64> in [0..<230, 0..<1, 3..<17, 95..<97, 96..<200, 229..<230] {
      let part = try sample(model, range, instructionSet: instructionSet)
      let expected = all[Int(range.lowerBound) * 7..<Int(range.upperBound) * 7]
      #expect(part.map(\.bitPattern) == expected.map(\.bitPattern), "\(range)")
    }
    #expect(try sample(model, 5..<5, instructionSet: instructionSet) == [])
  }

  @Test func theSeedMatters() throws {
    var recipe = shortRecipe()
    let first = try sample(randomModel(), 0..<3, recipe: recipe)
    recipe.seed = 2
    let second = try sample(randomModel(), 0..<3, recipe: recipe)
    #expect(zip(first, second).allSatisfy { $0 != $1 })
  }

  /// Levels are walked from the largest sigma to the smallest, in whatever order the file has them:
  /// the definition, step by step.
  @Test func followsTheDocumentedSteps() throws {
    let model = randomModel()
    let recipe = shortRecipe()
    let plan = ScoreFieldPlan(field: ScoreField(model: model, instructionSet: .best))
    let start = RandomStream(seed: 1, stream: 0x7361_0001)
    let noise = RandomStream(seed: 1, stream: 0x7361_0002)
    func scores(_ x: [Float], _ level: Int) -> [Float] {
      var scores = [Float](repeating: 0, count: 7)
      plan.evaluate(x, count: 1, level: level, scores: &scores)
      return scores
    }
    for sample in 0..<5 {
      var x = (0..<7).map { Float(5).squareRoot() * start.gaussian(at: UInt64(sample * 8 + $0)) }
      for (place, level) in [1, 2, 0].enumerated() {
        let sigma = model.sigmas[level]
        let size = Float(recipe.stepRatio) * (sigma * sigma)
        for step in place * 4..<place * 4 + 4 {
          let s = scores(x, level)
          x = (0..<7).map { j in
            let e = noise.gaussian(at: UInt64((sample * 12 + step) * 8 + j))
            return x[j] + size / 2 * s[j] + size.squareRoot() * e
          }
        }
      }
      let last = scores(x, 0)
      x = (0..<7).map { x[$0] + model.sigmas[0] * model.sigmas[0] * last[$0] }
      #expect(try LangevinTests.one(model, sample) == x)
    }
  }

  private static func one(_ model: TrainedModel, _ place: Int) throws -> [Float] {
    try sample(model, UInt64(place)..<UInt64(place) + 1)
  }

  @Test func eventsComeInTheUnitsOfTheData() throws {
    let plain = try sample(randomModel(featureCount: 2), 0..<200)
    let model = randomModel(
      featureCount: 2,
      standardiser: Standardiser(
        mean: [10, 3], scale: [4, 0.5], isLogarithmic: [false, true], clip: 1))
    let events = try sample(model, 0..<200)
    var hasCut = false
    for event in 0..<200 {
      let z = (0..<2).map { min(max(plain[2 * event + $0], -1), 1) }
      hasCut = hasCut || z[0] != plain[2 * event]
      #expect(events[2 * event] == z[0] * 4 + 10)
      let expected = Float(portableExp(Double(z[1] * 0.5 + 3)) - 1)
      #expect(events[2 * event + 1] == expected)
    }
    #expect(hasCut)
  }

  @Test func whatEnteredAsALogarithmIsNeverNegative() throws {
    let model = randomModel(
      featureCount: 2,
      standardiser: Standardiser(mean: [0, 0], scale: [1, 1], isLogarithmic: [true, true]))
    let events = try sample(model, 0..<100)
    #expect(events.contains(0) && events.allSatisfy { $0 >= 0 })
  }
}

@Suite struct SamplingRefusalTests {
  @Test func anAutoencoderIsRefused() {
    let shape = NetworkShape(featureCount: 3, autoencoder: [4])
    let model = TrainedModel(
      autoencoder: NetworkParameters(zeros: shape),
      standardiser: Standardiser(mean: [0, 0, 0], scale: [1, 1, 1]), featureNames: nil,
      trainingRecord: nil)
    let error = #expect(throws: SamplingError.self) { try sample(model, 0..<1) }
    #expect(error == .notAScoreNetwork(kind: "autoencoder"))
    #expect(error?.description.contains("score network") == true)
  }

  @Test(arguments: [(0, 0.1), (-1, 0.1), (1, 0), (1, 2), (1, .nan), (1, .infinity)])
  func settingsOutOfRangeAreNamed(steps: Int, ratio: Double) {
    var recipe = LangevinRecipe()
    recipe.stepsPerLevel = steps
    recipe.stepRatio = ratio
    let error = #expect(throws: SamplingError.self) {
      try sample(randomModel(), 0..<1, recipe: recipe)
    }
    guard case .setting(steps < 1 ? "steps per level" : "step ratio", _, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func aWalkThatLeavesTheNumbersIsPlaced() {
    let error = #expect(throws: SamplingError.self) {
      try sample(randomModel(gain: 1e9), 4..<9, recipe: LangevinRecipe())
    }
    guard case .diverged(4, 0..<7) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}
