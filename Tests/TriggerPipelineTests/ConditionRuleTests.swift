import Testing
import TriggerPipeline

/// The one rule with thresholds by condition.
@Suite struct ConditionRuleTests {
  private static let rule = DecisionRule(
    routes: [.init(threshold: 100, prescale: 1), .init(threshold: 90, prescale: 3)],
    bins: .init(edges: [10, 20], rows: [[5, 3], [8, 9], [20, 15], [20, 15]]),
    unbiasedPrescale: 50)

  private static func expected(
    _ score: Float, _ condition: Float, factors: [Float]
  ) -> [Bool] {
    let rows: [[Float]] = [[5, 3], [8, 9], [20, 15], [20, 15]]
    let row =
      switch condition {
      case ..<10: 0
      case ..<20: 1
      case 20...: 2
      default: 3
      }
    return zip(rows[row], factors).map { score > $0 * $1 }
  }

  @Test(arguments: [[1, 1], [1.25, 1], [0.5, 3]] as [[Float]])
  func everyConditionHasItsThresholds(factors: [Float]) {
    let rule = Self.rule.with(factors: factors)
    let conditions: [Float] = [-.infinity, 0, 9.999, 10, 19, 20, 1e30, .infinity, .nan]
    let scores: [Float] = [0, 2, 3, 4, 5, 6, 8.5, 9, 9.5, 10, 15, 16, 20, 25, .infinity, .nan]
    for (index, condition) in conditions.enumerated() {
      for score in scores {
        let fired = Self.expected(score, condition, factors: factors)
        let mask = fired.enumerated().reduce(UInt16(0)) { $1.element ? $0 | 1 << $1.offset : $0 }
        #expect(rule.firedPoints(score: score, condition: condition) == mask)
        let hash = PrescaleHash(run: 1, source: 1, sequence: UInt64(index), event: 7)
        let decision = rule.decide(score: score, condition: condition, hash: hash)
        let kept = fired[1] && !hash.passes(prescale: 3) ? mask & 1 : mask
        #expect((decision?.workingPoints ?? 0) == kept)
      }
    }
    #expect(rule.loosestThreshold(condition: 15) == min(8 * factors[0], 9 * factors[1]))
    #expect(rule.loosestThreshold == min(5 * factors[0], 3 * factors[1]))
  }

  @Test func withoutBinsTheConditionMakesNoDifference() {
    let rule = DecisionRule(
      routes: [.init(threshold: 2, prescale: 1)], unbiasedPrescale: 0)
    for condition: Float in [-1, 0, .infinity, .nan] {
      #expect(rule.firedPoints(score: 3, condition: condition) == 1)
      #expect(rule.loosestThreshold(condition: condition) == 2)
    }
  }
}
