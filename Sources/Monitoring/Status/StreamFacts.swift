internal import BoundedNumbers
internal import Calibration
package import EventRecords
internal import RateControl
internal import StrictJSON
package import TriggerPipeline

/// What came in since start.
package struct LedgerFacts: Equatable, Sendable {
  /// One sender.
  package struct Source: Equatable, Sendable {
    /// The sender's number. Nil for records whose sender is not known, and for the sum of all
    /// senders that have given up their place.
    package var number: UInt32?
    /// Whether this is the sum of the senders that have given up their place.
    package var isOther = false
    /// Events that came, and records refused.
    package var received: UInt64
    /// Records missed, by gaps in the sequence.
    package var lost: UInt64
    /// Records of a shared stream that did not come here.
    package var elsewhere: UInt64
    /// Records that filled a gap already counted as lost.
    package var late: UInt64
    /// Records refused.
    package var refused: UInt64

    /// Creates a sender's account.
    package init(
      number: UInt32?, received: UInt64, lost: UInt64, late: UInt64, elsewhere: UInt64 = 0,
      refused: UInt64 = 0
    ) {
      self.number = number
      self.received = received
      self.lost = lost
      self.elsewhere = elsewhere
      self.late = late
      self.refused = refused
    }

    /// The number, `unknown` or `other`.
    package var name: String { number.map { "\($0)" } ?? (isOther ? "other" : "unknown") }
  }

  /// A reason and how many records were refused for it.
  package struct Refusal: Equatable, Sendable {
    /// The reason.
    package var reason: RecordRejection
    /// Records and messages.
    package var count: UInt64

    /// Creates an entry.
    package init(reason: RecordRejection, count: UInt64) {
      self.reason = reason
      self.count = count
    }

    /// The reason's name.
    package var name: String { reason.rawValue }
  }

  /// The senders, the unknown one first.
  package var sources: [Source] = []
  /// Every reason there is.
  package var refusals: [Refusal] = RecordRejection.allCases.map { Refusal(reason: $0, count: 0) }
  /// Control records: begin of run, end of run, heartbeat.
  package var controlRecords: [UInt64] = [0, 0, 0]
  /// Messages that left the input socket.
  package var messages: UInt64 = 0
  /// Events that got a score.
  package var scored: UInt64 = 0
  /// Scored events that their sender marked as simulated.
  package var simulated: UInt64 = 0
  /// Events given up at the end of the daemon.
  package var shed: UInt64 = 0
  /// Run ledgers whose sums did not agree.
  package var faults: UInt64 = 0
  /// When the last decided event was received, ns since the epoch; 0 before the first.
  package var lastEventNs: UInt64 = 0
  /// How long input waited because the ring was full.
  package var inputBlockedNs: UInt64 = 0
  /// Since when some run has been open without a pause, ns since the epoch; 0 between runs.
  package var runOpenSinceNs: UInt64 = 0

  /// The names of the control records, in their order.
  package static let controlNames = ["begin_of_run", "end_of_run", "heartbeat"]

  /// Scored events that belong to the rates: all but the simulated ones.
  package var measured: UInt64 { scored - min(simulated, scored) }

  /// Nothing came.
  package init() {}

  /// Events of all senders.
  package var received: UInt64 { sources.map(\.received).saturatingSum }
  /// Gaps of all senders.
  package var lost: UInt64 { sources.map(\.lost).saturatingSum }
  /// Filled gaps of all senders.
  package var late: UInt64 { sources.map(\.late).saturatingSum }
  /// Refusals for all reasons.
  package var rejected: UInt64 { refusals.map(\.count).saturatingSum }
}

extension LedgerFacts.Source {
  static let figures: [Figure<LedgerFacts.Source>] = [
    Figure("source") { .text($0.name) },
    Figure("received", "tamis_events_received_total", "Events received and records refused.") {
      .count($0.received)
    },
    Figure(
      "lost", "tamis_events_lost_total", "Records missed, by gaps in the senders' sequences."
    ) { .count($0.lost) },
    Figure(
      "elsewhere", "tamis_events_elsewhere_total",
      "Records of a shared stream that did not come here: another daemon has them, or none."
    ) { .count($0.elsewhere) },
    Figure(
      "late", "tamis_events_late_total", "Records that filled a gap already counted as lost."
    ) { .count($0.late) },
    Figure("refused") { .count($0.refused) },
  ]
}

extension LedgerFacts {
  static let figures: [Figure<LedgerFacts>] = [
    Figure("received") { .count($0.received) },
    Figure("lost") { .count($0.lost) },
    Figure("late") { .count($0.late) },
    Figure(
      "scored", "tamis_events_scored_total", "Events that got a score.", \.scored, from: \.scored),
    Figure(
      "simulated", "tamis_events_simulated_total",
      "Scored events that their sender marked as simulated: they belong to no rate.", \.simulated,
      from: \.simulatedScored),
    Figure("rejected") { .count($0.rejected) },
    Figure(
      "shed", "tamis_events_shed_total", "Events given up at the end of the daemon.", \.shed,
      from: \.shed),
    Figure(
      "faults", "tamis_ledger_faults_total", "Run ledgers whose sums did not agree.", \.faults,
      from: \.ledgerFaults),
    Figure(
      "messages", "tamis_messages_received_total", "Messages received.", ahead: 1, \.messages,
      from: \.messages),
    Figure(
      "last_event", "tamis_last_event_timestamp_seconds",
      "When the last decided event was received.", \.lastEventNs, from: \.lastEventNs,
      as: { .time($0) }),
    Figure("run_open_since") { .time($0.runOpenSinceNs) },
    Figure(
      "input_blocked_seconds", "tamis_input_blocked_seconds_total",
      "Time that input waited because the ring was full.", ahead: 1, \.inputBlockedNs,
      from: \.inputBlockedNs, as: { .span($0) }),
    Figure("by_source") { .json(.array($0.sources.map { Source.figures.json(of: $0) })) },
    Figure(
      "rejected_by_reason", "tamis_events_rejected_total",
      "Records and messages refused, by reason.", ahead: 6
    ) { .labelled("reason", $0.refusals.map { ($0.name, $0.count) }) },
    Figure(
      "control_records", "tamis_control_records_total", "Control records received.", ahead: 4
    ) { .labelled("kind", Array(zip(controlNames, $0.controlRecords))) },
  ]
}

/// A histogram as it stands.
package struct HistogramFacts: Equatable, Sendable {
  /// Inclusive upper bounds, ascending.
  package var upperBounds: [Double]
  /// How many values each bucket holds; one more than bounds, the last above all of them.
  package var counts: [UInt64]
  /// The sum of the values.
  package var sum: Double

  /// Creates a histogram; there is one more count than bounds.
  package init(upperBounds: [Double], counts: [UInt64], sum: Double) {
    precondition(counts.count == upperBounds.count + 1)
    self.upperBounds = upperBounds
    self.counts = counts
    self.sum = sum
  }

  /// How many values there are.
  package var count: UInt64 { counts.saturatingSum }

  /// An estimate of a quantile, as Prometheus' `histogram_quantile` makes it: values spread evenly
  /// within their bucket, those above the last bound at that bound. Nil without values.
  package func quantile(_ probability: Double) -> Double? {
    let total = count
    if total == 0 { return nil }
    let rank = probability * Double(total)
    var below = 0.0
    for (bucket, bucketCount) in counts.enumerated() where bucketCount > 0 {
      let here = Double(bucketCount)
      if below + here >= rank {
        guard bucket < upperBounds.count else { return upperBounds.last }
        let lower = bucket == 0 ? 0 : upperBounds[bucket - 1]
        return lower + (upperBounds[bucket] - lower) * max(0, rank - below) / here
      }
      below += here
    }
    return upperBounds.last
  }

  /// What came since `earlier`, whose bounds are the same.
  func since(_ earlier: [UInt64]) -> HistogramFacts {
    guard earlier.count == counts.count else { return self }
    return HistogramFacts(
      upperBounds: upperBounds, counts: zip(counts, earlier).map { $0 > $1 ? $0 - $1 : 0 },
      sum: .nan)
  }
}

/// What was decided since start.
package struct DecisionFacts: Equatable, Sendable {
  /// Events above the loosest threshold, before any prescale.
  package var aboveThreshold: UInt64 = 0
  /// Events of the unbiased sample.
  package var unbiased: UInt64 = 0
  /// Events kept because a feature was not finite.
  package var notScorable: UInt64 = 0
  /// Events published for commissioning only.
  package var unflagged: UInt64 = 0
  /// Batches scored.
  package var batches: UInt64 = 0
  /// Events in each batch.
  package var batchEvents = HistogramFacts(upperBounds: [], counts: [0], sum: 0)
  /// Scores.
  package var scores = HistogramFacts(upperBounds: [], counts: [0], sum: 0)
  /// The share of the calibration's background in each bucket of `scores`; nil where the
  /// calibration does not say.
  package var referenceShares: [Double]?
  /// Scores in narrow bins around the thresholds; nil where no threshold lies among the bins.
  package var scoreBins: ScoreBinFacts?
  /// Seconds from the socket to the decision.
  package var latency = HistogramFacts(upperBounds: [], counts: [0], sum: 0)

  /// Nothing decided.
  package init() {}
}

extension DecisionFacts {
  static let figures: [Figure<DecisionFacts>] = [
    Figure(
      "above_threshold", "tamis_events_above_threshold_total",
      "Events above the loosest threshold, before prescales.", \.aboveThreshold,
      from: \.aboveThreshold),
    Figure(
      "unbiased", "tamis_events_unbiased_total", "Events kept whatever their score.", \.unbiased,
      from: \.unbiased),
    Figure(
      "not_scorable", "tamis_events_not_scorable_total",
      "Events kept because a feature was not finite.", \.notScorable, from: \.notScorable),
    Figure("unflagged", \.unflagged, from: \.unflagged),
    Figure("batches", "tamis_batches_total", "Batches scored.", \.batches, from: \.batches),
    Figure("batch_events", "tamis_batch_events", "Events of each batch.") {
      .histogram($0.batchEvents)
    },
    Figure("score", "tamis_score", "Scores of all scored events.") {
      .histogram($0.scores, ["reference_shares": .numbers($0.referenceShares)])
    },
    Figure("score_bins") { $0.scoreBins.map { .json($0.json) } },
    Figure(
      "latency", "tamis_decision_latency_seconds", "From the socket to the decision."
    ) {
      .histogram(
        $0.latency,
        [
          "p50_seconds": .finite($0.latency.quantile(0.5)),
          "p99_seconds": .finite($0.latency.quantile(0.99)),
        ])
    },
  ]
}

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
