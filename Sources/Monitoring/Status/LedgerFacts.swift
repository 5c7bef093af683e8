internal import BoundedNumbers
package import EventRecords
internal import StrictJSON
internal import TriggerPipeline

/// The input since start.
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
