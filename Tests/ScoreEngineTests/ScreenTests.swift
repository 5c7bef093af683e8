import ScoreEngine
import ScoreModel
import Testing

/// The screen: the same bits from every instruction set, and close to the exact scores.
@Suite struct ScreenTests {
  @Test(arguments: [1, 7, 64, 100], [16, 48, 256])
  func everyShapeGivesTheScalarBits(featureCount: Int, hiddenWidth: Int) throws {
    var generator = TestGenerator(seed: 17)
    for blockCount in 0...3 {
      for levels in [[0], [2, 0, 1], Array(0..<13)] {
        let shape = NetworkShape(
          featureCount: featureCount, hiddenWidth: hiddenWidth, blockCount: blockCount,
          levelCount: levels.count)
        let model = randomModel(shape, levels: levels, seed: generator.next())
        let events = generator.floats(5 * featureCount, within: 3)
        let reference = try screen(model, .scalar).bits(of: events)
        for set in vectorSets {
          #expect(try screen(model, set).bits(of: events) == reference, "\(set) \(shape)")
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available, [1, 3, 13])
  func everyBatchSizeGivesTheSameBits(set: InstructionSet, levelCount: Int) throws {
    let shape = NetworkShape(
      featureCount: 7, hiddenWidth: 16, blockCount: 1, levelCount: levelCount)
    let model = randomModel(shape, levels: Array(0..<levelCount))
    var generator = TestGenerator(seed: 3)
    let events = generator.floats(257 * 7, within: 3)
    let reference = try screen(model, .scalar).bits(of: events)
    let tested = try screen(model, set)
    for count in 1...257 {
      #expect(tested.bits(of: Array(events[..<(count * 7)])) == Array(reference[..<count]))
    }
  }

  /// With every sum at its largest: 254 x 127 from end to end, either sign.
  @Test(arguments: vectorSets)
  func theLargestSumsDoNotSaturate(set: InstructionSet) throws {
    let shape = NetworkShape(featureCount: 64, hiddenWidth: 256, blockCount: 2, levelCount: 1)
    for sign: Float in [1, -1] {
      var model = randomModel(shape, levels: [0])
      for tensor in shape.tensors {
        let isWeight = shape.dimensions(of: tensor).count == 2
        let value = isWeight ? sign / 16 : 0
        model.parameters[tensor] =
          [Float](repeating: value, count: shape.elementCount(of: tensor))[...]
      }
      model.standardiser = Standardiser(
        mean: [Float](repeating: 0, count: 64), scale: [Float](repeating: 1, count: 64),
        isLogarithmic: nil, clip: nil)
      let events = [Float](repeating: 5, count: 64) + [Float](repeating: -5, count: 64)
      let bits = try screen(model, set).bits(of: events)
      #expect(bits == (try screen(model, .scalar).bits(of: events)))
      let exact = scorer(model, .scalar).bits(of: events)
      for (screened, exact) in zip(bits, exact.scores) {
        let (screened, exact) = (Float(bitPattern: screened), Float(bitPattern: exact))
        // Scores near 0 are as good as the steps of the activations.
        #expect(abs(screened - exact) <= 0.03 * exact + 0.05)
      }
    }
  }

  @Test(arguments: [Float(0.5), 3, 20])
  func screenScoresAreNearTheExactOnes(spread: Float) throws {
    let model = randomModel(.reference, levels: [3, 4, 5], gain: 1.7)
    var generator = TestGenerator(seed: 8)
    let events = generator.floats(600 * 64, within: spread)
    let screened = try screen(model, .best).bits(of: events).map { Float(bitPattern: $0) }
    let exact = scorer(model, .best, batchMax: 600).bits(of: events).scores
    var worst: Float = 0
    for (screened, bits) in zip(screened, exact) {
      worst = max(worst, abs(screened / Float(bitPattern: bits) - 1))
    }
    #expect(worst < 0.03)
    // An 8-bit screen that agreed better than that would not be one.
    #expect(worst > 1e-4)
  }

  @Test(arguments: InstructionSet.available)
  func valuesBeyondItsRangeAreLeftToTheExactNetwork(set: InstructionSet) throws {
    let shape = NetworkShape(featureCount: 20, hiddenWidth: 48, blockCount: 2, levelCount: 2)
    let tested = try screen(randomModel(shape, levels: [0, 1]), set)
    var generator = TestGenerator(seed: 9)
    let ordinary = generator.floats(5 * 20, within: 3)
    let expected = tested.bits(of: ordinary)
    for (value, found) in [
      (Float.greatestFiniteMagnitude, Float.infinity), (-1e30, .infinity), (.nan, .nan),
      (.infinity, .nan), (-.infinity, .nan),
    ] {
      var events = ordinary
      events[2 * 20 + 11] = value
      let bits = tested.bits(of: events)
      #expect(bits[2] == found.bitPattern)
      #expect(bits[..<2] == expected[..<2] && bits[3...] == expected[3...])
    }
    #expect(tested.bits(of: [Float](repeating: 0, count: 20)).allSatisfy { $0 < 0x7F80_0000 })
  }

  @Test func networksThatMayOverflowAreRefused() {
    let shape = NetworkShape(featureCount: 4, hiddenWidth: 16, blockCount: 3, levelCount: 1)
    #expect(throws: ScreenError.self) {
      _ = try screen(randomModel(shape, levels: [0], gain: 1e8), .best)
    }
    #expect(throws: Never.self) {
      _ = try screen(randomModel(shape, levels: [0], gain: 0), .best)
    }
  }
}

extension ScreenPlan {
  /// The screen scores of row-major events, as bits.
  func bits(of events: [Float]) -> [UInt32] {
    let width = network.exact.featureCount
    var scores = [Float](repeating: -1, count: events.count / width)
    score(events: events, eventStride: width * 4, count: scores.count, scores: &scores)
    return scores.map(\.bitPattern)
  }
}

func screenNetwork(
  _ model: TrainedModel, _ set: InstructionSet
) throws(ScreenError) -> ScreenNetwork {
  try ScreenNetwork(
    model: model, exact: ScoringNetwork(model: model, instructionSet: set))
}

func screen(_ model: TrainedModel, _ set: InstructionSet) throws(ScreenError) -> ScreenPlan {
  ScreenPlan(network: try screenNetwork(model, set), batchMax: 1_024)
}
