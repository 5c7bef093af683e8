import ScoreEngine
import ScoreModel
import Testing

/// Screened scoring: exact where it matters, the screen's word elsewhere.
@Suite struct ScreenedScoringTests {
  private static let model = randomModel(
    NetworkShape(featureCount: 24, hiddenWidth: 64, blockCount: 2, levelCount: 3),
    levels: [0, 1, 2])
  private static let eventCount = 500
  private static let events: [Float] = {
    var generator = TestGenerator(seed: 12)
    var events = generator.floats(eventCount * 24, within: 3)
    events[40 * 24 + 3] = .nan
    events[41 * 24 + 3] = .greatestFiniteMagnitude
    return events
  }()

  private struct Result: Equatable {
    var scores: [UInt32]
    var attributions: [UInt32]
    var outcome: ScreeningOutcome
  }

  private func scored(
    _ set: InstructionSet, _ screening: Screening, sampled: Set<Int> = [], batch: Int = 500
  ) throws -> Result {
    let scorer = EventScorer(
      .screened(try screenNetwork(Self.model, set), screening), batchMax: batch)
    var result = Result(scores: [], attributions: [], outcome: ScreeningOutcome())
    for first in stride(from: 0, to: Self.eventCount, by: batch) {
      let count = min(batch, Self.eventCount - first)
      let isSampled = (first..<first + count).map(sampled.contains)
      var scores = [Float](repeating: -1, count: count)
      var attributions = [Float](repeating: -1, count: count * 24)
      let outcome = scorer.score(
        events: Array(Self.events[(first * 24)..<((first + count) * 24)]), eventStride: 96,
        count: count, isSampled: isSampled, scores: &scores, attributions: &attributions,
        attributionStride: 96)
      result.scores += scores.map(\.bitPattern)
      result.attributions += attributions.map(\.bitPattern)
      result.outcome.add(outcome)
    }
    return result
  }

  private func threshold(rank: Int) -> Float {
    exactScores.filter { $0.isFinite }.sorted(by: >)[rank]
  }

  private var exactScores: [Float] {
    scorer(Self.model, .scalar).bits(of: Self.events).scores.map { Float(bitPattern: $0) }
  }

  @Test(arguments: InstructionSet.available, [0, 10, 200])
  func whatPassesTheScreenIsExact(set: InstructionSet, rank: Int) throws {
    let screening = Screening(threshold: threshold(rank: rank), margin: 0.1)
    let sampled: Set = [0, 7, 40, 499]
    let found = try scored(set, screening, sampled: sampled)
    let exact = scorer(Self.model, .scalar).bits(of: Self.events)
    let screened = try screen(Self.model, .scalar).bits(of: Self.events)
    var rescored = 0
    for event in 0..<Self.eventCount {
      let isExact =
        !(Float(bitPattern: screened[event]) < screening.limit) || sampled.contains(event)
      rescored += isExact ? 1 : 0
      #expect(found.scores[event] == (isExact ? exact.scores[event] : screened[event]))
      let shares = found.attributions[(event * 24)..<(event * 24 + 24)]
      let untouched = [UInt32](repeating: Float(-1).bitPattern, count: 24)
      #expect(Array(shares) == (isExact ? exact.event(event).attributions : untouched))
      // No decision differs.
      let (mine, theirs) = (
        Float(bitPattern: found.scores[event]), Float(bitPattern: exact.scores[event])
      )
      #expect((mine > screening.threshold) == (theirs > screening.threshold))
    }
    #expect(found.outcome.rescored == rescored)
    #expect(found.outcome.audited == 4 && found.outcome.missed == 0)
    #expect(found.outcome.shortfallMax < 0.1)
  }

  @Test(arguments: InstructionSet.available, [1, 2, 3, 4, 5, 17, 100])
  func everyBatchSizeGivesTheSame(set: InstructionSet, batch: Int) throws {
    let screening = Screening(threshold: threshold(rank: 30), margin: 0.05)
    let whole = try scored(.scalar, screening, sampled: [3, 33])
    #expect(try scored(set, screening, sampled: [3, 33], batch: batch) == whole)
  }

  /// With a threshold on the low side too: what is beyond either is exact, whatever the batch.
  @Test(arguments: InstructionSet.available, [(10, 480), (100, 300), (250, 250)])
  func whatIsBeyondEitherThresholdIsExact(set: InstructionSet, ranks: (Int, Int)) throws {
    let screening = Screening(
      threshold: threshold(rank: ranks.0), quietThreshold: threshold(rank: ranks.1), margin: 0.1)
    let sampled: Set = [0, 7, 40, 499]
    let found = try scored(set, screening, sampled: sampled, batch: 77)
    let exact = scorer(Self.model, .scalar).bits(of: Self.events)
    let screened = try screen(Self.model, .scalar).bits(of: Self.events)
    for event in 0..<Self.eventCount {
      let score = Float(bitPattern: screened[event])
      let isBetween = score < screening.limit && score >= screening.quietLimit
      let isExact = !isBetween || sampled.contains(event)
      #expect(found.scores[event] == (isExact ? exact.scores[event] : screened[event]))
      let (mine, theirs) = (
        Float(bitPattern: found.scores[event]), Float(bitPattern: exact.scores[event])
      )
      #expect((mine > screening.threshold) == (theirs > screening.threshold))
      #expect((mine < screening.quietThreshold) == (theirs < screening.quietThreshold))
    }
    #expect(found.outcome.audited == 4 && found.outcome.missed == 0)
    #expect(found.outcome.shortfallMax < 0.1)
  }

  /// The same on the low side: a screen score above the threshold of an event that is below it.
  @Test func anAuditFindsWhatTheScreenLetsGoOnTheLowSide() throws {
    let exact = exactScores
    let screened = try screen(Self.model, .scalar).bits(of: Self.events)
      .map { Float(bitPattern: $0) }
    let event = try #require(
      exact.indices.first { screened[$0].isFinite && screened[$0] > exact[$0].nextUp })
    let found = try scored(
      .best,
      Screening(
        threshold: .greatestFiniteMagnitude, quietThreshold: exact[event].nextUp, margin: 0),
      sampled: [event])
    #expect(found.outcome.audited == 1 && found.outcome.missed == 1)
    #expect(found.outcome.shortfallMax > 0)
    #expect(Screening(threshold: 1, margin: 0.1).quietLimit == -.infinity)
    #expect(Screening(threshold: 100, quietThreshold: 10, margin: 0.1).quietLimit == 11)
  }

  /// The audit must be able to fail: with a limit above the scores that fire, it sees them missed.
  @Test func anAuditFindsWhatTheScreenLetsGo() throws {
    let exact = exactScores
    let screened = try screen(Self.model, .scalar).bits(of: Self.events)
      .map { Float(bitPattern: $0) }
    // Without a margin a threshold between the two scores of an event separates them.
    let event = try #require(
      exact.indices.first { exact[$0].isFinite && screened[$0] < exact[$0].nextDown })
    let threshold = max(screened[event], exact[event].nextDown)
    let found = try scored(
      .best, Screening(threshold: threshold, margin: 0), sampled: [event])
    #expect(found.outcome.audited == 1 && found.outcome.missed == 1)
    #expect(found.outcome.shortfallMax > 0)
  }

  @Test(
    arguments: [(100, 0.1, 90), (.infinity, 0.1, .infinity), (0, 0.1, 0), (8, 0, 8)]
      as [(Float, Double, Float)])
  func theLimitIsTheThresholdLessTheMargin(threshold: Float, margin: Double, limit: Float) {
    #expect(Screening(threshold: threshold, margin: margin).limit == limit)
  }
}
