import Calibration
import EventRecords
import RateControl
import Testing
import TriggerPipeline

/// Working points of the low side in the rule.
@Suite struct QuietRuleTests {
  static let rule = DecisionRule(
    routes: [
      .init(threshold: 10, prescale: 4), .init(threshold: 3, prescale: 4, side: .low),
      .init(threshold: 20, prescale: 1), .init(threshold: 1, prescale: 1, side: .low),
    ],
    unbiasedPrescale: 1_000)

  static let none = DecisionRuleTests.none
  static let four = DecisionRuleTests.four
  static let all = DecisionRuleTests.all

  static let cases: [(Float, PrescaleHash, Decision?)] = [
    (5, none, nil), (3, four, nil), (10, four, nil),
    (5, all, Decision(reasons: .unbiased, workingPoints: 0, weight: 1_000)),
    (Float(3).nextDown, four, Decision(reasons: .belowThreshold, workingPoints: 2, weight: 4)),
    (2, none, nil), (1, none, nil),
    (Float(1).nextDown, none, Decision(reasons: .belowThreshold, workingPoints: 8, weight: 1)),
    (0, four, Decision(reasons: .belowThreshold, workingPoints: 10, weight: 1)),
    (-.infinity, four, Decision(reasons: .belowThreshold, workingPoints: 10, weight: 1)),
    (2, all, Decision(reasons: [.belowThreshold, .unbiased], workingPoints: 2, weight: 4)),
    (11, four, Decision(reasons: .aboveThreshold, workingPoints: 1, weight: 4)),
    (25, none, Decision(reasons: .aboveThreshold, workingPoints: 4, weight: 1)),
    (.nan, none, Decision(reasons: .notScorable, workingPoints: 0, weight: 1)),
  ]

  @Test(arguments: cases)
  func decides(score: Float, hash: PrescaleHash, expected: Decision?) {
    #expect(Self.rule.decide(score: score, condition: .nan, hash: hash) == expected)
  }

  @Test func aFloodAndSimulatedEventsAreTreatedAsOnTheHighSide() {
    let flooded = Self.rule.decide(
      score: 0, condition: 0, hash: Self.all, floodPrescale: 64, isSimulated: true)
    #expect(flooded == Decision(reasons: .belowThreshold, workingPoints: 10, weight: 64))
    #expect(
      Self.rule.decide(score: 0, condition: 0, hash: Self.four, floodPrescale: 2_000) == nil)
  }

  /// Whatever the score: between the thresholds exactly where nothing fires, and no event on both sides.
  @Test func betweenIsWhereNothingFires() {
    var scores: [Float] = [.nan, .infinity, -.infinity, 0, -0.0, .leastNonzeroMagnitude]
    for base in [1, 3, 10, 20] as [Float] { scores += [base.nextDown, base, base.nextUp] }
    scores += (0..<400).map { Float($0) / 16 }
    for score in scores {
      let fired = Self.rule.firedPoints(score: score, condition: .nan)
      #expect(Self.rule.isBetween(score) == (fired == 0 && !score.isNaN), "\(score)")
      #expect(fired & 0b0101 == 0 || fired & 0b1010 == 0)
    }
    #expect(Self.rule.quietThreshold == 3 && Self.rule.loosestThreshold == 10)
    #expect(Self.rule.threshold(for: [.belowThreshold, .unbiased], condition: .nan) == 3)
    #expect(Self.rule.threshold(for: [.aboveThreshold, .unbiased], condition: .nan) == 10)
    #expect(Self.rule.threshold(for: .unbiased, condition: .nan) == 10)
    #expect(DecisionRuleTests.rule.quietThreshold == -.infinity)
  }

  /// A factor of rate control on a high point leaves the low ones.
  @Test func factorsMoveTheHighSideAlone() {
    let moved = Self.rule.with(factors: [0.5, 1, 2, 1])
    #expect(moved.loosestThreshold == 5 && moved.quietThreshold == 3)
    #expect(moved.firedPoints(score: 6, condition: .nan) == 1)
    #expect(moved.firedPoints(score: 2, condition: .nan) == 2)
  }
}
