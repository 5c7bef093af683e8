import EventRecords
import Testing
import TriggerPipeline

@Suite struct PrescaleHashTests {
  /// Computed from the description in docs/formats.md with Python's integers.
  @Test(arguments: [
    (UInt32(1), UInt32(1), UInt64(2), UInt64(1), UInt64(0x3F49_BDBE_A8A5_8AC4)),
    (0, 0, 0, 0, 0x2382_75BC_38FC_BE91),
    (4_294_967_295, 7, 123_456_789_012, 42, 0xA73C_2F5C_901D_A333),
  ])
  func followsTheDocumentedMixing(
    run: UInt32, source: UInt32, sequence: UInt64, event: UInt64, expected: UInt64
  ) {
    let hash = PrescaleHash(run: run, source: source, sequence: sequence, event: event)
    #expect(hash.value == expected)
  }

  @Test func zeroPassesNothingAndOneEverything() {
    for sequence in UInt64(1)...1_000 {
      let hash = PrescaleHash(run: 1, source: 2, sequence: sequence, event: sequence)
      #expect(!hash.passes(prescale: 0))
      #expect(hash.passes(prescale: 1))
    }
  }

  /// 200,000 events: the counts lie within five standard deviations of a binomial.
  @Test(arguments: [2, 10, 1_000] as [UInt32])
  func passesOneInSoMany(prescale: UInt32) {
    let events = 200_000
    let passed = (1...UInt64(events)).count {
      PrescaleHash(run: 3, source: 1, sequence: $0, event: $0 &* 7).passes(prescale: prescale)
    }
    let mean = Double(events) / Double(prescale)
    #expect(abs(Double(passed) - mean) < 5 * mean.squareRoot())
  }

  @Test func samplesAreNested() {
    for sequence in UInt64(1)...20_000 {
      let hash = PrescaleHash(run: 1, source: 1, sequence: sequence, event: 0)
      if hash.passes(prescale: 100) { #expect(hash.passes(prescale: 7)) }
    }
  }
}

@Suite struct DecisionRuleTests {
  static let rule = DecisionRule(
    routes: [.init(threshold: 10, prescale: 4), .init(threshold: 20, prescale: 1)],
    unbiasedPrescale: 1_000)

  static func hash(passing prescale: UInt32, not blocked: UInt32) -> PrescaleHash {
    for sequence in UInt64(1)... {
      let hash = PrescaleHash(run: 1, source: 1, sequence: sequence, event: sequence)
      if hash.passes(prescale: prescale), !hash.passes(prescale: blocked) { return hash }
    }
    preconditionFailure("unreachable")
  }

  static let none = hash(passing: 1, not: 4)
  static let four = hash(passing: 4, not: 1_000)
  static let all = hash(passing: 1_000, not: 1_000_000)

  static let cases: [(Float, PrescaleHash, Decision?)] = [
    (5, none, nil),
    (5, four, nil),
    (5, all, Decision(reasons: .unbiased, workingPoints: 0, weight: 1_000)),
    (10, four, nil),
    (Float(10).nextUp, four, Decision(reasons: .aboveThreshold, workingPoints: 1, weight: 4)),
    (15, none, nil),
    (15, all, Decision(reasons: [.aboveThreshold, .unbiased], workingPoints: 1, weight: 4)),
    (25, none, Decision(reasons: .aboveThreshold, workingPoints: 2, weight: 1)),
    (25, four, Decision(reasons: .aboveThreshold, workingPoints: 3, weight: 1)),
    (.infinity, none, Decision(reasons: .aboveThreshold, workingPoints: 2, weight: 1)),
    (.nan, none, Decision(reasons: .notScorable, workingPoints: 0, weight: 1)),
    (.nan, all, Decision(reasons: [.notScorable, .unbiased], workingPoints: 0, weight: 1)),
  ]

  @Test(arguments: cases)
  func decides(score: Float, hash: PrescaleHash, expected: Decision?) {
    #expect(Self.rule.decide(score: score, condition: .nan, hash: hash) == expected)
  }

  static let floodCases: [(Float, PrescaleHash, UInt32, Decision?)] = [
    (25, none, 2, nil),
    (25, four, 4, Decision(reasons: .aboveThreshold, workingPoints: 3, weight: 4)),
    (25, all, 64, Decision(reasons: [.aboveThreshold, .unbiased], workingPoints: 3, weight: 64)),
    (15, four, 2, Decision(reasons: .aboveThreshold, workingPoints: 1, weight: 4)),
    (5, all, 64, Decision(reasons: .unbiased, workingPoints: 0, weight: 1_000)),
    (.nan, none, 4, nil),
    (.nan, four, 4, Decision(reasons: .notScorable, workingPoints: 0, weight: 4)),
    // The sample keeps what the cap does not, and says that it has no score.
    (
      .nan, all, 1 << 30,
      Decision(reasons: [.notScorable, .unbiased], workingPoints: 0, weight: 1_000)
    ),
  ]

  @Test(arguments: floodCases)
  func decidesUnderACap(score: Float, hash: PrescaleHash, cap: UInt32, expected: Decision?) {
    #expect(
      Self.rule.decide(score: score, condition: .nan, hash: hash, floodPrescale: cap) == expected)
  }

  @Test func firedPointsKnowNoPrescale() {
    let fired = [Float(5), 10, 15, 25, .infinity, .nan].map {
      Self.rule.firedPoints(score: $0, condition: .nan)
    }
    #expect(fired == [0, 0, 1, 3, 3, 0])
  }

  @Test func theLoosestThresholdIsTheLowest() {
    #expect(Self.rule.loosestThreshold == 10)
    let reversed = DecisionRule(routes: Self.rule.routes.reversed(), unbiasedPrescale: 0)
    #expect(reversed.loosestThreshold == 10)
  }

  /// Horvitz and Thompson: whatever the scores, the weights of all kept events add up to the
  /// number of input events, within five standard deviations.
  @Test func weightsEstimateTheInput() {
    let rule = DecisionRule(
      routes: [.init(threshold: 0.9, prescale: 5), .init(threshold: 0.99, prescale: 1)],
      unbiasedPrescale: 50)
    let events = 300_000
    var estimate = 0.0
    var variance = 0.0
    for sequence in 1...UInt64(events) {
      let hash = PrescaleHash(run: 9, source: 4, sequence: sequence, event: sequence)
      let score = Float(sequence % 1_000) / 1_000
      let prescale = score > 0.99 ? 1.0 : score > 0.9 ? 5.0 : 50.0
      variance += prescale - 1
      estimate += Double(rule.decide(score: score, condition: .nan, hash: hash)?.weight ?? 0)
    }
    #expect(abs(estimate - Double(events)) < 5 * variance.squareRoot())
  }
}
