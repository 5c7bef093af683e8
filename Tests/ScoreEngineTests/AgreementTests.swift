import ScoreEngine
import ScoreModel
import Testing

/// The same bits from every instruction set, in every batch, at every place.
@Suite struct AgreementTests {
  @Test(arguments: [1, 7, 64, 100], [16, 48, 256])
  func everyShapeGivesTheScalarBits(featureCount: Int, hiddenWidth: Int) {
    var generator = TestGenerator(seed: 7)
    for blockCount in 0...3 {
      for levels in [[0], [1, 0], [2, 0, 1], Array((0..<10).reversed()), Array(0..<13)] {
        let shape = NetworkShape(
          featureCount: featureCount, hiddenWidth: hiddenWidth, blockCount: blockCount,
          levelCount: levels.count)
        let model = randomModel(shape, levels: levels, seed: generator.next())
        let events = generator.floats(5 * featureCount, within: 3)
        let reference = scorer(model, .scalar).bits(of: events)
        for set in vectorSets {
          #expect(scorer(model, set).bits(of: events) == reference, "\(set) \(shape)")
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available, [1, 2, 3, 5, 12, 13])
  func everyBatchSizeGivesTheSameBits(set: InstructionSet, levelCount: Int) {
    let shape = NetworkShape(
      featureCount: 7, hiddenWidth: 16, blockCount: 1, levelCount: levelCount)
    let model = randomModel(shape, levels: Array(0..<levelCount))
    var generator = TestGenerator(seed: 3)
    let events = generator.floats(257 * 7, within: 3)
    let scalar = scorer(model, .scalar)
    let reference = scalar.bits(of: events)
    let tested = scorer(model, set)
    for count in 1...257 {
      #expect(tested.bits(of: events[..<(count * 7)]) == reference.events(0..<count))
    }
    for first in 0..<257 {
      #expect(
        tested.bits(of: events[(first * 7)..<((first + 1) * 7)]) == reference.event(first))
    }
  }

  @Test(arguments: InstructionSet.available, [0, 1, 3])
  func eventsInRecordsOfAnyAlignmentGiveTheSameBits(set: InstructionSet, shift: Int) {
    let shape = NetworkShape(featureCount: 64, hiddenWidth: 32, blockCount: 2, levelCount: 3)
    let model = randomModel(shape, levels: [0, 1, 2])
    var generator = TestGenerator(seed: 5)
    let events = generator.floats(9 * 64, within: 3)
    let expected = scorer(model, .scalar).bits(of: events)
    // The record of an event: 64 bytes of header, 64 floats. The bytes end with the last float.
    var records = [UInt8](repeating: 0xFF, count: shift + 9 * 320)
    var scores = [Float](repeating: 0, count: 9)
    var attributions = [Float](repeating: 0, count: 9 * 80)
    records.withUnsafeMutableBytes { bytes in
      for event in 0..<9 {
        for feature in 0..<64 {
          bytes.storeBytes(
            of: events[event * 64 + feature],
            toByteOffset: shift + event * 320 + 64 + feature * 4, as: Float.self)
        }
      }
      guard let base = bytes.baseAddress else { return }
      scorer(model, set).score(
        events: base + shift + 64, eventStride: 320, count: 9, scores: &scores,
        attributions: &attributions, attributionStride: 320)
    }
    #expect(scores.map(\.bitPattern) == expected.scores)
    for event in 0..<9 {
      let row = attributions[(event * 80)..<(event * 80 + 64)].map(\.bitPattern)
      #expect(row == expected.event(event).attributions)
      // What lies between the rows is not ours.
      #expect(attributions[(event * 80 + 64)..<((event + 1) * 80)].allSatisfy { $0 == 0 })
    }
  }

  @Test(arguments: InstructionSet.available)
  func scoresDoNotDependOnWhetherAttributionsAreWanted(set: InstructionSet) {
    let shape = NetworkShape(featureCount: 20, hiddenWidth: 32, blockCount: 1, levelCount: 2)
    let model = randomModel(shape, levels: [0, 1])
    var generator = TestGenerator(seed: 6)
    let events = generator.floats(30 * 20, within: 3)
    let tested = scorer(model, set)
    var scores = [Float](repeating: 0, count: 30)
    tested.score(
      events: events, eventStride: 80, count: 30, scores: &scores, attributions: nil,
      attributionStride: 0)
    #expect(scores.map(\.bitPattern) == tested.bits(of: events).scores)
  }

  @Test func noEventsAreNoWork() {
    let shape = NetworkShape(featureCount: 3, hiddenWidth: 16, blockCount: 0, levelCount: 1)
    var score: Float = 5
    scorer(randomModel(shape, levels: [0]), .best).score(
      events: [Float](), eventStride: 12, count: 0, scores: &score, attributions: nil,
      attributionStride: 0)
    #expect(score == 5)
  }
}
