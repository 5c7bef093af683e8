internal import BoundedNumbers
package import EventRecords

/// Everything the pipeline counts since start. The stages write, any thread reads. The sums of the
/// ledger can be checked from here: received = scored + rejected + shed, and kept = journaled +
/// abandoned.
package final class PipelineCounters: Sendable {
  /// Events that got a score.
  package let scored = AtomicCounter()
  /// Records and messages refused, by reason.
  private let rejectedByReason: [AtomicCounter]
  /// Events given up because the pipeline was told to end before it could score them.
  package let shed = AtomicCounter()
  /// For each working point, by its name: the events that fired it, and the events that also passed
  /// its prescale.
  package let workingPoints = WorkingPointTable()
  /// Events above the loosest threshold, before prescales.
  package let aboveThreshold = AtomicCounter()
  /// Events kept by the unbiased prescale.
  package let unbiased = AtomicCounter()
  /// Events kept because they could not be scored.
  package let notScorable = AtomicCounter()
  /// Events that only the cap on the flagged rate kept from being flagged.
  package let floodSuppressed = AtomicCounter()
  /// The prescale that the cap imposes now; 1 while there is no flood.
  package let floodPrescale = AtomicCounter()
  /// The row of the table of prescales that the last event which might be kept has.
  package let prescaleRow = AtomicCounter()
  /// Events that are published for commissioning only, with reasons 0.
  package let unflagged = AtomicCounter()
  /// Events by the outcome of live and shadow generation, in `ShadowOutcome`'s order.
  package let shadow: [AtomicCounter]
  /// Scored events that their sender marked as simulated; `scored` counts them, too.
  package let simulatedScored = AtomicCounter()
  /// Switches of model and calibration that were made, and candidates that were refused.
  package let reloads = AtomicCounter()
  /// Candidates that were refused.
  package let reloadsRefused = AtomicCounter()
  /// Whether the last reload was made (1) or refused (0).
  package let lastReloadSucceeded = AtomicCounter()
  /// When the last reload was asked for, ns since the epoch; 0 before the first.
  package let lastReloadNs = AtomicCounter()
  /// Control records by kind: begin of run, end of run, heartbeat.
  package let controlRecords: [AtomicCounter]
  /// Messages that left the input sockets.
  package let messages = AtomicCounter()
  /// Records written to the journal.
  package let journaled = AtomicCounter()
  /// Bytes written to the journal.
  package let journaledBytes = AtomicCounter()
  /// Records of the topic `flagged` that the output socket has taken, each counted once. Records
  /// that are sent again count in `repeated`. The socket may still hold some of them: see `held`.
  package let publishedFlagged = AtomicCounter()
  /// The same for the topic `unbiased`.
  package let publishedUnbiased = AtomicCounter()
  /// The same for the topic `unflagged`.
  package let publishedUnflagged = AtomicCounter()
  /// When the oldest record was written that is not yet on the disk itself, ns of a clock that never
  /// goes back; 0 while there is none.
  package let unsynchronisedSinceNs = AtomicCounter()
  /// Journaled records that wait for the output.
  package let waiting = AtomicCounter()
  /// Records that could not be journaled before the end, and were therefore not published.
  package let abandoned = AtomicCounter()
  /// Sends that the output refused because it was full or nobody was there.
  package let outputBlocked = AtomicCounter()
  /// Subscribers of a PUB output that are connected now.
  package let subscribers = AtomicCounter()
  /// Records that were sent again, since it was not certain that they had arrived.
  package let repeated = AtomicCounter()
  /// Records that the output took and still holds.
  package let held = AtomicCounter()
  /// Nanoseconds that input waited because the ring was full.
  package let inputBlockedNs = AtomicCounter()
  /// Failed attempts to write the journal.
  package let journalFailures = AtomicCounter()
  /// Batches scored.
  package let batches = AtomicCounter()
  /// Events that the screen left to the exact network, the sampled ones among them.
  package let rescored = AtomicCounter()
  /// Sampled events, which the screen and the exact network both scored.
  package let audited = AtomicCounter()
  /// Sampled events that the screen would have lost although their exact score fires.
  package let screenMissed = AtomicCounter()
  /// The largest fraction by which the screen score of a firing event fell short of its exact
  /// score, as float32 bits.
  package let screenShortfallBits = AtomicCounter()
  /// Runs whose sums did not agree when their ledger was closed.
  package let ledgerFaults = AtomicCounter()
  /// Time of the last event, ns since the epoch.
  package let lastEventNs = AtomicCounter()
  /// Events of each batch that was scored.
  package let batchEvents = FixedHistogram(
    upperBounds: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096])
  /// Scores of scored events.
  package let scores = FixedHistogram(upperBounds: FixedHistogram.decades(0, through: 7))
  /// The same in the bins of the calibration's histogram.
  package let scoreBins = ScoreBins()
  /// Seconds from the message's leaving the socket to the decision.
  package let decisionLatency = FixedHistogram(upperBounds: FixedHistogram.decades(-6, through: 0))

  /// A copy, since `allCases` makes a new array at each call and a flood of bad records may call
  /// often.
  private static let reasons = RecordRejection.allCases

  /// All at zero.
  package init() {
    shadow = ShadowOutcome.allCases.map { _ in AtomicCounter() }
    floodPrescale.set(1)
    lastReloadSucceeded.set(1)
    rejectedByReason = Self.reasons.map { _ in AtomicCounter() }
    controlRecords = (0..<3).map { _ in AtomicCounter() }
  }

  /// The counter of one reason.
  package func rejected(_ reason: RecordRejection) -> AtomicCounter {
    guard let index = Self.reasons.firstIndex(of: reason) else {
      preconditionFailure("every reason is among all reasons")
    }
    return rejectedByReason[index]
  }

  /// The counter of one kind of control record.
  func control(_ kind: RecordKind) -> AtomicCounter {
    controlRecords[Int(kind.rawValue - RecordKind.beginOfRun.rawValue)]
  }

  /// All reasons together.
  package var rejectedTotal: UInt64 { rejectedByReason.map(\.value).saturatingSum }
}

/// Whether an event fired the loosest working point of the live generation, of the shadow, of both
/// or of neither.
package enum ShadowOutcome: String, CaseIterable, Sendable {
  /// Both fired.
  case both
  /// The live generation alone.
  case liveOnly = "live_only"
  /// The shadow alone.
  case shadowOnly = "shadow_only"
  /// Neither fired.
  case neither
}

/// The counts of the catch-up server since start.
package final class CatchUpCounters: Sendable {
  private let requestsByStatus = CatchUpStatus.allCases.map { _ in AtomicCounter() }
  /// Replies that could not be handed over: the asker was gone, or does not read its replies.
  package let unanswered = AtomicCounter()
  /// Records sent.
  package let records = AtomicCounter()
  /// Records that were asked for and left out because they are damaged on disk.
  package let unreadable = AtomicCounter()

  /// Counters at 0.
  package init() {}

  /// Requests answered with `status`; those whose answer nobody took are not among them.
  package func requests(_ status: CatchUpStatus) -> AtomicCounter {
    requestsByStatus[Int(status.rawValue)]
  }
}
