import ScoreEngine
import ScoreModel
import Testing

@Suite struct ExtremeInputTests {
  private static let finite: [Float] = [
    0, -0.0, 1, -1, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude,
    .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1e-20, -1e20, 87, -88.5, 1e10, 0.5,
  ]
  private static let notFinite: [Float] = [
    .nan, .signalingNaN, .infinity, -.infinity, Float(bitPattern: 0xFFC1_2345),
  ]

  /// Events of 20 features drawn from the values above, with ordinary ones between.
  private func events(_ count: Int, from values: [Float], ordinary: Int) -> [Float] {
    var generator = TestGenerator(seed: 11)
    return (0..<count * 20).map { _ in
      Int.random(in: 0...ordinary, using: &generator) > 0
        ? Float.random(in: -2...2, using: &generator)
        : values[Int.random(in: 0..<values.count, using: &generator)]
    }
  }

  private static let shape = NetworkShape(
    featureCount: 20, hiddenWidth: 48, blockCount: 2, levelCount: 3)

  private static let models = [
    randomModel(shape, levels: [0, 1, 2]),
    randomModel(shape, levels: [2, 0], gain: 1e13),
    randomModel(shape, levels: [0, 1, 2], isLogarithmic: (0..<20).map { $0 % 3 != 0 }),
    randomModel(
      shape, levels: [1], isLogarithmic: [Bool](repeating: true, count: 20), clip: 3),
    randomModel(shape, levels: [1, 2], clip: 10),
  ]

  @Test(arguments: vectorSets, models.indices)
  func extremesGiveTheScalarBits(set: InstructionSet, model: Int) {
    let model = ExtremeInputTests.models[model]
    let events =
      events(100, from: ExtremeInputTests.finite, ordinary: 3)
      + events(60, from: ExtremeInputTests.notFinite + ExtremeInputTests.finite, ordinary: 20)
      + ExtremeInputTests.finite.flatMap { [Float](repeating: $0, count: 20) }
    #expect(scorer(model, set).bits(of: events) == scorer(model, .scalar).bits(of: events))
  }

  @Test(arguments: InstructionSet.available)
  func finiteFeaturesNeverGiveNaN(set: InstructionSet) {
    let events = events(200, from: ExtremeInputTests.finite, ordinary: 2)
    for model in ExtremeInputTests.models {
      let bits = scorer(model, set).bits(of: events)
      #expect((bits.scores + bits.attributions).allSatisfy { !Float(bitPattern: $0).isNaN })
    }
    // Where the sums overflow the event fires.
    let overflowing = scorer(ExtremeInputTests.models[1], set).bits(of: events)
    #expect(overflowing.scores.contains(Float.infinity.bitPattern))
  }

  @Test(arguments: InstructionSet.available, [0, 1, 5, 19])
  func eventsThatAreNotFiniteAreNaNAndLeaveOthersAlone(set: InstructionSet, feature: Int) {
    let model = ExtremeInputTests.models[0]
    let good = events(31, from: [1], ordinary: 1)
    let tested = scorer(model, set)
    let expected = tested.bits(of: good)
    let nan = Float.nan.bitPattern
    for value in ExtremeInputTests.notFinite {
      for bad in [0, 1, 2, 3, 15, 30] {
        var mixed = good
        mixed[bad * 20 + feature] = value
        let bits = tested.bits(of: mixed)
        for event in 0..<31 where event != bad {
          #expect(bits.event(event) == expected.event(event))
        }
        #expect(bits.scores[bad] == nan)
        #expect(bits.event(bad).attributions.allSatisfy { $0 == nan })
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func clippedFeaturesBeyondTheCutScoreTheSame(set: InstructionSet) {
    let shape = NetworkShape(featureCount: 1, hiddenWidth: 16, blockCount: 1, levelCount: 1)
    let model = randomModel(shape, levels: [0], clip: 2)
    let bits = scorer(model, set).bits(of: [100, 1e9, .greatestFiniteMagnitude, -100, -1e30])
    #expect(bits.scores[0] == bits.scores[1] && bits.scores[1] == bits.scores[2])
    #expect(bits.scores[3] == bits.scores[4] && bits.scores[3] != bits.scores[0])
  }
}
