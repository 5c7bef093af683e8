internal import RateControl
internal import StrictJSON
internal import TriggerPipeline

/// How the rate of a working point is held.
package struct RateControlFacts: Equatable, Sendable {
  /// The rate that is held, as the configuration writes it.
  package var target: String
  /// The same as a share of the scored events; nil where it is in events a second.
  package var targetFPR: Double?
  /// The threshold in force is the calibration's times this.
  package var factor: Float
  /// The least that the factor may be.
  package var factorMin: Float
  /// The most that the factor may be.
  package var factorMax: Float
  /// How often the factor has moved since start.
  package var steps: UInt64
  /// Why it stays; `none` while it moves.
  package var hold: String

  /// Whether the factor stands at an end of its band.
  package var isAtLimit: Bool { factor <= factorMin || factor >= factorMax }

  /// Creates the facts.
  package init(
    target: String, targetFPR: Double?, factor: Float, factorMin: Float, factorMax: Float,
    steps: UInt64, hold: String
  ) {
    self.target = target
    self.targetFPR = targetFPR
    self.factor = factor
    self.factorMin = factorMin
    self.factorMax = factorMax
    self.steps = steps
    self.hold = hold
  }

  /// The facts of working point `index`; nil where its rate is not held.
  init?(_ plan: RateControlPlan, at index: Int, counters: WorkingPointCounters) {
    guard let target = plan.target(at: index) else { return nil }
    var targetFPR: Double?
    if case .falsePositiveRate(let rate) = target { targetFPR = rate }
    self.init(
      target: target.description, targetFPR: targetFPR, factor: counters.factor,
      factorMin: plan.settings.factorMin, factorMax: plan.settings.factorMax,
      steps: counters.steps.value,
      hold: (HoldReason(rawValue: Int(counters.hold.value)) ?? .none).name)
  }
}

extension RateControlFacts {
  static let figures: [Figure<RateControlFacts>] = [
    Figure("target") { .text($0.target) },
    Figure("target_fpr") { $0.targetFPR.map { .real($0) } },
    Figure("factor") { .float($0.factor) },
    Figure("factor_min") { .float($0.factorMin) },
    Figure("factor_max") { .float($0.factorMax) },
    Figure("at_limit") { .truth($0.isAtLimit) },
    Figure("steps") { .count($0.steps) },
    Figure("hold") { .text($0.hold) },
  ]
}
