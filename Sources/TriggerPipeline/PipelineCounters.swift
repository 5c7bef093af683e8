internal import BoundedNumbers
public import EventRecords

/// Everything the pipeline counts since start. The stages write, any thread reads. The sums of the
/// ledger can be checked from here: received = scored + rejected + shed, and kept = journaled +
/// abandoned.
public final class PipelineCounters: Sendable {
  /// Events that got a score.
  public let scored = AtomicCounter()
  /// Records and messages refused, by reason.
  private let rejectedByReason: [AtomicCounter]
  /// Events given up because the pipeline was told to end before it could score them.
  public let shed = AtomicCounter()
  /// For each working point, by its name: the events that fired it, and the events that also passed
  /// its prescale.
  public let workingPoints = WorkingPointTable()
  /// Events above the loosest threshold, before prescales.
  public let aboveThreshold = AtomicCounter()
  /// Events kept by the unbiased prescale.
  public let unbiased = AtomicCounter()
  /// Events kept because they could not be scored.
  public let notScorable = AtomicCounter()
  /// Events that only the cap on the flagged rate kept from being flagged.
  public let floodSuppressed = AtomicCounter()
  /// The prescale that the cap imposes now; 1 while there is no flood.
  public let floodPrescale = AtomicCounter()
  /// Events that are published for commissioning only, with reasons 0.
  public let unflagged = AtomicCounter()
  /// Events by the outcome of live and shadow generation, in `ShadowOutcome`'s order.
  public let shadow: [AtomicCounter]
  /// Switches of model and calibration that were made, and candidates that were refused.
  public let reloads = AtomicCounter()
  /// Candidates that were refused.
  public let reloadsRefused = AtomicCounter()
  /// Whether the last reload was made (1) or refused (0).
  public let lastReloadSucceeded = AtomicCounter()
  /// When the last reload was asked for, ns since the epoch; 0 before the first.
  public let lastReloadNs = AtomicCounter()
  /// Control records by kind: begin of run, end of run, heartbeat.
  public let controlRecords: [AtomicCounter]
  /// Messages that left the input sockets.
  public let messages = AtomicCounter()
  /// Records written to the journal.
  public let journaled = AtomicCounter()
  /// Bytes written to the journal.
  public let journaledBytes = AtomicCounter()
  /// Records of the topic `flagged` that the output socket has taken, each counted once. Records
  /// that are sent again count in `repeated`. The socket may still hold some of them: see `held`.
  public let publishedFlagged = AtomicCounter()
  /// The same for the topic `unbiased`.
  public let publishedUnbiased = AtomicCounter()
  /// The same for the topic `unflagged`.
  public let publishedUnflagged = AtomicCounter()
  /// When the oldest record was written that is not yet on the disk itself, ns of a clock that never
  /// goes back; 0 while there is none.
  public let unsynchronisedSinceNs = AtomicCounter()
  /// Journaled records that wait for the output.
  public let waiting = AtomicCounter()
  /// Records that could not be journaled before the end, and were therefore not published.
  public let abandoned = AtomicCounter()
  /// Sends that the output refused because it was full or nobody was there.
  public let outputBlocked = AtomicCounter()
  /// Subscribers of a PUB output that are connected now.
  public let subscribers = AtomicCounter()
  /// Records that were sent again, since it was not certain that they had arrived.
  public let repeated = AtomicCounter()
  /// Records that the output took and still holds.
  public let held = AtomicCounter()
  /// Nanoseconds that input waited because the ring was full.
  public let inputBlockedNs = AtomicCounter()
  /// Failed attempts to write the journal.
  public let journalFailures = AtomicCounter()
  /// Batches scored.
  public let batches = AtomicCounter()
  /// Events that the screen left to the exact network, the sampled ones among them.
  public let rescored = AtomicCounter()
  /// Sampled events, which the screen and the exact network both scored.
  public let audited = AtomicCounter()
  /// Sampled events that the screen would have lost although their exact score fires.
  public let screenMissed = AtomicCounter()
  /// The largest fraction by which the screen score of a firing event fell short of its exact
  /// score, as float32 bits.
  public let screenShortfallBits = AtomicCounter()
  /// Runs whose sums did not agree when their ledger was closed.
  public let ledgerFaults = AtomicCounter()
  /// Time of the last event, ns since the epoch.
  public let lastEventNs = AtomicCounter()
  /// Events of each batch that was scored.
  public let batchEvents = FixedHistogram(
    upperBounds: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096])
  /// Scores of scored events.
  public let scores = FixedHistogram(upperBounds: FixedHistogram.decades(0, through: 7))
  /// The same in the bins of the calibration's histogram.
  public let scoreBins = ScoreBins()
  /// Seconds from the message's leaving the socket to the decision.
  public let decisionLatency = FixedHistogram(upperBounds: FixedHistogram.decades(-6, through: 0))

  /// A copy, since `allCases` makes a new array at each call and a flood of bad records may call
  /// often.
  private static let reasons = RecordRejection.allCases

  /// All at zero.
  public init() {
    shadow = ShadowOutcome.allCases.map { _ in AtomicCounter() }
    floodPrescale.set(1)
    lastReloadSucceeded.set(1)
    rejectedByReason = Self.reasons.map { _ in AtomicCounter() }
    controlRecords = (0..<3).map { _ in AtomicCounter() }
  }

  /// The counter of one reason.
  public func rejected(_ reason: RecordRejection) -> AtomicCounter {
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
  public var rejectedTotal: UInt64 { rejectedByReason.map(\.value).saturatingSum }
}

/// Whether an event fired the loosest working point of the live generation, of the shadow, of both
/// or of neither.
public enum ShadowOutcome: String, CaseIterable, Sendable {
  /// Both fired.
  case both
  /// The live generation alone.
  case liveOnly = "live_only"
  /// The shadow alone.
  case shadowOnly = "shadow_only"
  /// Neither fired.
  case neither
}
