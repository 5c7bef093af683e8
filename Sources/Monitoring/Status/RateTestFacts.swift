internal import RateControl
internal import StrictJSON
internal import TriggerPipeline

/// Whether a working point's rate is off its target: a test that may be looked at any time.
package struct RateTestFacts: Equatable, Sendable {
  /// The rate that is expected.
  package var target: Double
  /// Decimal logarithm of the evidence that the rate is too high.
  package var evidenceAbove: Double
  /// Decimal logarithm of the evidence that the rate is too low.
  package var evidenceBelow: Double
  /// The decimal logarithm that raises the alarm.
  package var limit: Double
  /// `above` or `below` while the alarm is on; nil else.
  package var raised: String?

  /// Creates the facts.
  package init(
    target: Double, evidenceAbove: Double, evidenceBelow: Double, limit: Double, raised: String?
  ) {
    self.target = target
    self.evidenceAbove = evidenceAbove
    self.evidenceBelow = evidenceBelow
    self.limit = limit
    self.raised = raised
  }
}

extension RateTestFacts {
  static let figures: [Figure<RateTestFacts>] = [
    Figure("target") { .real($0.target) },
    Figure("evidence_above") { .real($0.evidenceAbove) },
    Figure("evidence_below") { .real($0.evidenceBelow) },
    Figure("limit") { .real($0.limit) },
    Figure("raised") { $0.raised.map { .text($0) } },
  ]
}

/// The tests of the working points in force, and the counts that they have taken.
struct RateTests {
  private struct Told {
    var evidence: RateEvidence
    var fired: UInt64
    var scored: UInt64
    /// The counts at the begin of the block that may clear the alarm.
    var blockFired: UInt64 = 0
    var blockScored: UInt64 = 0

    /// Whether a whole block since the alarm has a rate within the tolerance.
    mutating func isBack(fired: UInt64, scored: UInt64) -> Bool {
      let expected = evidence.target * Double(scored - min(blockScored, scored))
      guard expected >= RateTests.expectedCount else { return false }
      let ratio = Double(fired - min(blockFired, fired)) / expected
      (blockFired, blockScored) = (fired, scored)
      return ratio <= evidence.tolerance && ratio >= 1 / evidence.tolerance
    }
  }

  /// The number of events that should fire in a block that may clear an alarm. Chance moves its rate by 3 %.
  static let expectedCount = 1_000.0

  private var told: [String: Told] = [:]

  /// Forgets everything: other thresholds have come into force.
  mutating func restart() { told = [:] }

  /// Enters the counts since the last look, and puts the state of each test into `status`, whose
  /// realised rates are those since the generation came into force.
  mutating func look(at status: inout DaemonStatus) {
    for index in status.points.indices {
      let point = status.points[index]
      guard let target = target(of: point), target <= RateEvidence.targetMax,
        let realised = point.realised
      else { continue }
      var now =
        told[point.name].flatMap { $0.evidence.target == target ? $0 : nil }
        ?? Told(
          evidence: RateEvidence(
            target: target, tolerance: AlarmDeclaration.rateTolerance,
            falseAlarmProbability: AlarmDeclaration.rateFalseAlarmProbability),
          fired: told[point.name]?.fired ?? 0, scored: told[point.name]?.scored ?? 0)
      let isRaised = now.evidence.note(
        fired: realised.fired - min(now.fired, realised.fired),
        scored: realised.scored - min(now.scored, realised.scored))
      if isRaised { (now.blockFired, now.blockScored) = (realised.fired, realised.scored) }
      (now.fired, now.scored) = (realised.fired, realised.scored)
      if now.evidence.raised != nil, now.isBack(fired: realised.fired, scored: realised.scored) {
        now.evidence.clear()
      }
      told[point.name] = now
      status.points[index].rateTest = RateTestFacts(
        target: target, evidenceAbove: now.evidence.evidenceAbove,
        evidenceBelow: now.evidence.evidenceBelow, limit: now.evidence.limit,
        raised: now.evidence.raised?.rawValue)
    }
  }

  /// The rate that is held, or else the one that was calibrated for. Nil where the point is not in
  /// force, and where events a second are held, which are no share of the events.
  private func target(of point: PointFacts) -> Double? {
    guard let inForce = point.inForce else { return nil }
    guard let control = point.control else { return inForce.targetFPR }
    return control.targetFPR
  }
}
