import ScoreEngine
import ScoreModel
import Testing

@Suite struct ParallelScoringTests {
  private static let shape = NetworkShape(
    featureCount: 9, hiddenWidth: 32, blockCount: 1, levelCount: 3)

  private struct Unreadable: Error, Equatable { let event: Int }

  @Test(arguments: [1, 2, 3, 8], [1, 7, 64, 1_000])
  func anyNumberOfWorkersGivesTheSameBitsInOrder(workers: Int, batchMax: Int) throws {
    var generator = TestGenerator(seed: 31)
    let events = generator.floats(501 * 9, within: 3)
    let network = ScoringNetwork(
      model: randomModel(ParallelScoringTests.shape, levels: [0, 1, 2]), instructionSet: .best)
    let expected = EventScorer(.exact(network), batchMax: 501).bits(of: events)
    var found = ScoredBits(scores: [], attributions: [])
    try scoreInParallel(
      network: network, workers: workers, eventCount: 501, batchMax: batchMax,
      wantsAttributions: true
    ) { range, features in
      for index in (range.lowerBound * 9)..<(range.upperBound * 9) {
        features[index - range.lowerBound * 9] = events[index]
      }
    } consume: { range, scores, attributions in
      #expect(range.lowerBound == found.scores.count && range.count <= batchMax)
      for event in 0..<range.count { found.scores.append(scores[event].bitPattern) }
      guard let attributions else { return }
      for index in 0..<(range.count * 9) {
        found.attributions.append(attributions[index].bitPattern)
      }
    }
    #expect(found == expected)
  }

  @Test(arguments: [1, 2, 5])
  func attributionsAreLeftOutUnlessWanted(workers: Int) throws {
    let network = ScoringNetwork(
      model: randomModel(ParallelScoringTests.shape, levels: [0]), instructionSet: .best)
    var eventCount = 0
    try scoreInParallel(
      network: network, workers: workers, eventCount: 40, batchMax: 6, wantsAttributions: false
    ) { range, features in
      features.update(repeating: 1, count: range.count * 9)
    } consume: { range, _, attributions in
      #expect(attributions == nil)
      eventCount += range.count
    }
    #expect(eventCount == 40)
  }

  @Test(arguments: [1, 2, 5])
  func aReadErrorComesAfterTheEventsBeforeIt(workers: Int) {
    let network = ScoringNetwork(
      model: randomModel(ParallelScoringTests.shape, levels: [0]), instructionSet: .best)
    var consumed = 0
    #expect(throws: Unreadable(event: 60)) {
      try scoreInParallel(
        network: network, workers: workers, eventCount: 1_000, batchMax: 10,
        wantsAttributions: false
      ) { range, features in
        if range.lowerBound >= 60 { throw Unreadable(event: range.lowerBound) }
        features.update(repeating: 1, count: range.count * 9)
      } consume: { range, _, _ in
        consumed = range.upperBound
      }
    }
    #expect(consumed == 60)
  }

  @Test(arguments: [1, 2, 5])
  func aConsumerThatThrowsEndsTheWork(workers: Int) {
    let network = ScoringNetwork(
      model: randomModel(ParallelScoringTests.shape, levels: [0]), instructionSet: .best)
    #expect(throws: Unreadable(event: 30)) {
      try scoreInParallel(
        network: network, workers: workers, eventCount: 1_000, batchMax: 10,
        wantsAttributions: false
      ) { range, features in
        features.update(repeating: 1, count: range.count * 9)
      } consume: { range, _, _ in
        if range.lowerBound == 30 { throw Unreadable(event: 30) }
      }
    }
  }

  @Test func noEventsAreNoCalls() throws {
    let network = ScoringNetwork(
      model: randomModel(ParallelScoringTests.shape, levels: [0]), instructionSet: .best)
    try scoreInParallel(
      network: network, workers: 4, eventCount: 0, batchMax: 10, wantsAttributions: false
    ) { _, _ in
      Issue.record("nothing to read")
    } consume: { _, _, _ in
      Issue.record("nothing to consume")
    }
  }
}
