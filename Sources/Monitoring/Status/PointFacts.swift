internal import Calibration
internal import RateControl
internal import StrictJSON
package import TriggerPipeline

/// A working point: its promises and its counts.
package struct PointFacts: Equatable, Sendable {
  /// Its name.
  package var name: String
  /// Its threshold and promises; nil where it is not in force any more.
  package var inForce: PointInForce?
  /// Events that fired, before its prescale, since start.
  package var fired: UInt64
  /// Fired events that also passed its prescale.
  package var flagged: UInt64
  /// Events that fired no other working point.
  package var firedAlone: UInt64 = 0
  /// Events that no other working point kept.
  package var flaggedAlone: UInt64 = 0
  /// Events that fired it and another one in force, by the other's name; of points in force.
  package var firedWith: [Overlap] = []
  /// The prescale of the last event that might be kept; nil where it is not in force.
  package var prescaleInForce: UInt32?
  /// The rate of firing since it came into force; nil where it is not in force.
  package var realised: RealisedRate?
  /// Events marked as simulated that fired, before its prescale, since start.
  package var simulatedFired: UInt64 = 0
  /// The share of the simulated events that fired since it came into force; nil where it is not in
  /// force.
  package var efficiency: RealisedRate?
  /// Whether its rate is off; nil where that is not tested.
  package var rateTest: RateTestFacts?
  /// How its rate is held; nil where it is not.
  package var control: RateControlFacts?

  /// Events that fired two working points.
  package struct Overlap: Equatable, Sendable {
    /// The name of the other one.
    package var name: String
    /// Events, before any prescale.
    package var count: UInt64

    /// Creates an entry.
    package init(name: String, count: UInt64) {
      self.name = name
      self.count = count
    }
  }

  /// Creates a point.
  package init(
    name: String, inForce: PointInForce?, fired: UInt64, flagged: UInt64,
    realised: RealisedRate? = nil
  ) {
    self.name = name
    self.inForce = inForce
    self.fired = fired
    self.flagged = flagged
    self.realised = realised
  }
}

extension PointFacts {
  static let figures: [Figure<PointFacts>] = [
    Figure("name") { .text($0.name) },
    Figure("armed") { .truth($0.inForce != nil) },
    Figure(
      "target_fpr", "tamis_target_fpr",
      "The false-positive rate that the threshold was calibrated for."
    ) { $0.inForce.map { .real($0.targetFPR) } },
    Figure("calibrated_fpr_interval") { .json(.interval($0.inForce?.fprInterval)) },
    Figure(
      "threshold", "tamis_threshold", "An event fires when its score is greater.", ahead: 1
    ) { $0.inForce.map { .float($0.threshold) } },
    // With thresholds by condition; `threshold` is then the lowest.
    Figure("threshold_highest") { $0.inForce?.highestThreshold.map { .float($0) } },
    Figure("prescale") { $0.inForce.map { .count(UInt64($0.prescale)) } },
    Figure(
      "fired", "tamis_events_fired_total",
      "Events with a score above the threshold, before the prescale.", ahead: 2
    ) { .count($0.fired) },
    Figure(
      "flagged", "tamis_events_flagged_total", "Events that fired and passed the prescale.",
      ahead: 2
    ) { .count($0.flagged) },
    Figure("realised") { $0.realised.map { .json(RealisedRate.figures.json(of: $0)) } },
    realised(
      "tamis_realised_fpr", "Events fired over events scored since the generation came into force."
    ) { $0.rate },
    realised("tamis_realised_fpr_lower", "Lower end of the realised rate's binomial interval.") {
      $0.interval.lowerBound
    },
    realised("tamis_realised_fpr_upper", "Upper end of the realised rate's binomial interval.") {
      $0.interval.upperBound
    },
    Figure(
      "simulated_fired", "tamis_simulated_fired_total",
      "Simulated events with a score above the threshold, before the prescale."
    ) { .count($0.simulatedFired) },
    Figure("efficiency") { $0.efficiency.map { .json(RealisedRate.figures.json(of: $0)) } },
    efficiency(
      "tamis_efficiency",
      "Simulated events fired over simulated events scored since the generation came into force."
    ) { $0.rate },
    efficiency("tamis_efficiency_lower", "Lower end of the efficiency's binomial interval.") {
      $0.interval.lowerBound
    },
    efficiency("tamis_efficiency_upper", "Upper end of the efficiency's binomial interval.") {
      $0.interval.upperBound
    },
    Figure("rate_test") { $0.rateTest.map { .json(RateTestFacts.figures.json(of: $0)) } },
    rateTest(
      "tamis_rate_evidence_above", "Decimal logarithm of the evidence that the rate is too high."
    ) { .real(max($0.evidenceAbove, -99)) },
    rateTest(
      "tamis_rate_evidence_below", "Decimal logarithm of the evidence that the rate is too low."
    ) { .real(max($0.evidenceBelow, -99)) },
    rateTest("tamis_rate_evidence_limit", "The evidence that raises the alarm.") {
      .real($0.limit)
    },
    rateTest("tamis_rate_alarm", "1 while the rate is off its target, beyond chance.") {
      .truth($0.raised != nil)
    },
    Figure("rate_control") { $0.control.map { .json(RateControlFacts.figures.json(of: $0)) } },
    control(
      "tamis_threshold_factor", "What rate control multiplies the calibration's threshold by."
    ) { .float($0.factor) },
    control("tamis_rate_control_steps_total", "How often rate control has moved the threshold.") {
      .count($0.steps)
    },
    control("tamis_rate_control_held", "1 while rate control keeps the threshold where it is.") {
      .truth($0.hold != HoldReason.none.name)
    },
    control("tamis_rate_control_at_limit", "1 while the threshold is at an end of its band.") {
      .truth($0.isAtLimit)
    },
    Figure(
      "prescale_in_force", "tamis_prescale",
      "One in this many fired events is kept now; 0 keeps none."
    ) { $0.prescaleInForce.map { .count(UInt64($0)) } },
    Figure(
      "fired_alone", "tamis_events_fired_alone_total",
      "Events above the threshold of no other working point, before prescales."
    ) { .count($0.firedAlone) },
    Figure(
      "flagged_alone", "tamis_events_flagged_alone_total",
      "Events that fired and passed the prescale of no other working point."
    ) { .count($0.flaggedAlone) },
    Figure("fired_with") { point in
      point.inForce.map { _ in
        .json(
          .array(
            point.firedWith.map {
              .object(["name": .string($0.name), "fired": .integer($0.count)])
            }))
      }
    },
    Figure(
      nil, "tamis_threshold_low", "1 where an event fires when its score is below the threshold.",
      isLeftOut: true
    ) { $0.inForce?.side == .low ? .truth(true) : nil },
  ]

  /// The point's object in `/status`: of the low side it says so.
  var members: JSONObject {
    var object = Self.figures.members(of: self)
    if let side = inForce?.side, side == .low { object["side"] = .string(side.rawValue) }
    return object
  }

  /// Of the points in force, where simulated events came.
  private static func efficiency(
    _ metric: String, _ help: String, _ value: @escaping @Sendable (RealisedRate) -> Double?
  ) -> Figure<PointFacts> {
    Figure(nil, metric, help) { point in
      point.efficiency.flatMap { $0.scored > 0 ? value($0) : nil }.map { .real($0) }
    }
  }

  /// Of the points whose rate is tested.
  private static func rateTest(
    _ metric: String, _ help: String, _ value: @escaping @Sendable (RateTestFacts) -> FigureValue
  ) -> Figure<PointFacts> {
    Figure(nil, metric, help) { $0.rateTest.map(value) }
  }

  /// Of the points whose rate is held.
  private static func control(
    _ metric: String, _ help: String, _ value: @escaping @Sendable (RateControlFacts) -> FigureValue
  ) -> Figure<PointFacts> {
    Figure(nil, metric, help) { $0.control.map(value) }
  }

  /// Of the points in force alone.
  private static func realised(
    _ metric: String, _ help: String, _ value: @escaping @Sendable (RealisedRate) -> Double?
  ) -> Figure<PointFacts> {
    Figure(nil, metric, help) { point in
      point.inForce.map { _ in .real(point.realised.flatMap(value) ?? .nan) }
    }
  }
}

extension RealisedRate {
  fileprivate static let figures: [Figure<RealisedRate>] = [
    Figure("fired") { .count($0.fired) },
    Figure("scored") { .count($0.scored) },
    Figure("rate") { .real($0.rate ?? .nan) },
    Figure("lower") { .real($0.interval.lowerBound) },
    Figure("upper") { .real($0.interval.upperBound) },
    Figure("confidence") { .real($0.confidence) },
  ]
}
