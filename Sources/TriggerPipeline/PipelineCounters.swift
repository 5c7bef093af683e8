internal import BoundedNumbers
public import EventRecords

/// Everything the pipeline counts since start. Written on the way of the events, read by whoever
/// shows it; all sums of the ledger can be checked from here:
/// received = scored + rejected + shed, and kept = published + waiting + abandoned.
public final class PipelineCounters: Sendable {
  /// Events that got a score.
  public let scored = EventCounter()
  /// Records and messages refused, by reason.
  private let rejectedByReason: [EventCounter]
  /// Events given up because the pipeline was told to end before it could score them.
  public let shed = EventCounter()
  /// Events that fired a working point, and those that its prescale let pass, by its name.
  public let workingPoints = WorkingPointTable()
  /// Events above the loosest threshold, before prescales.
  public let aboveThreshold = EventCounter()
  /// Events kept by the unbiased prescale.
  public let unbiased = EventCounter()
  /// Events kept because they could not be scored.
  public let notScorable = EventCounter()
  /// Events that would have been kept but for the cap on the flagged rate.
  public let floodSuppressed = EventCounter()
  /// The prescale that the cap imposes now; 1 while there is no flood.
  public let floodPrescale = EventCounter()
  /// Events handed on for commissioning alone, with reasons 0.
  public let unflagged = EventCounter()
  /// What shadow and live arms would have done with an event, in `ShadowOutcome`'s order.
  public let shadow: [EventCounter]
  /// Switches of model and calibration that were made, and candidates that were refused.
  public let reloads = EventCounter()
  /// Candidates that were refused.
  public let reloadsRefused = EventCounter()
  /// Whether the last reload was made (1) or refused (0).
  public let lastReloadSucceeded = EventCounter()
  /// When the last reload was asked for, ns since the epoch; 0 before the first.
  public let lastReloadNs = EventCounter()
  /// Control records by kind: begin of run, end of run, heartbeat.
  public let controlRecords: [EventCounter]
  /// Messages that left the input sockets.
  public let messages = EventCounter()
  /// Flagged records written to the journal.
  public let journaled = EventCounter()
  /// Bytes written to the journal.
  public let journaledBytes = EventCounter()
  /// Flagged records handed to the output socket, by topic.
  public let publishedFlagged = EventCounter()
  /// The same for the topic `unbiased`.
  public let publishedUnbiased = EventCounter()
  /// The same for the topic `unflagged`.
  public let publishedUnflagged = EventCounter()
  /// When the oldest record was written that is not yet on the disk itself, ns of a clock that never
  /// goes back; 0 while there is none.
  public let unsynchronisedSinceNs = EventCounter()
  /// Journaled records that wait for the output.
  public let waiting = EventCounter()
  /// Flagged records that could be neither journaled nor published before the end.
  public let abandoned = EventCounter()
  /// Sends that the output refused because it was full or nobody was there.
  public let outputBlocked = EventCounter()
  /// Subscribers of a PUB output that are connected now.
  public let subscribers = EventCounter()
  /// Records that were sent again, since it was not certain that they had arrived.
  public let repeated = EventCounter()
  /// Records that the output took and still holds.
  public let held = EventCounter()
  /// Nanoseconds that input waited because the ring was full.
  public let inputBlockedNs = EventCounter()
  /// Failed attempts to write the journal.
  public let journalFailures = EventCounter()
  /// Batches scored.
  public let batches = EventCounter()
  /// Events that the screen left to the exact network, the sampled ones among them.
  public let rescored = EventCounter()
  /// Sampled events, which were scored both ways.
  public let audited = EventCounter()
  /// Of these, those that the screen would have let go though their exact score fires.
  public let screenMissed = EventCounter()
  /// The largest share by which the screen score of a firing event fell short, as float32 bits.
  public let screenShortfallBits = EventCounter()
  /// Runs whose ledger did not close with equal sums.
  public let ledgerFaults = EventCounter()
  /// Time of the last event, ns since the epoch.
  public let lastEventNs = EventCounter()
  /// Events of each batch that was scored.
  public let batchEvents = FixedHistogram(
    upperBounds: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096])
  /// Scores of scored events.
  public let scores = FixedHistogram(upperBounds: FixedHistogram.decades(0, through: 7))
  /// The same in the bins of the calibration's histogram.
  public let scoreBins = ScoreBins()
  /// Seconds from the message's leaving the socket to the decision.
  public let decisionLatency = FixedHistogram(upperBounds: FixedHistogram.decades(-6, through: 0))

  /// Kept, since `allCases` makes a new array at each call and a flood of bad records may call often.
  private static let reasons = RecordRefusal.allCases

  /// All at zero.
  public init() {
    shadow = ShadowOutcome.allCases.map { _ in EventCounter() }
    floodPrescale.set(1)
    lastReloadSucceeded.set(1)
    rejectedByReason = Self.reasons.map { _ in EventCounter() }
    controlRecords = (0..<3).map { _ in EventCounter() }
  }

  /// The counter of one reason.
  public func rejected(_ reason: RecordRefusal) -> EventCounter {
    guard let index = Self.reasons.firstIndex(of: reason) else {
      preconditionFailure("every reason is among all reasons")
    }
    return rejectedByReason[index]
  }

  /// The counter of one kind of control record.
  func control(_ kind: RecordKind) -> EventCounter {
    controlRecords[Int(kind.rawValue - RecordKind.beginOfRun.rawValue)]
  }

  /// All reasons together.
  public var rejectedTotal: UInt64 { rejectedByReason.map(\.value).saturatingSum }
}

/// Which of the live and the shadow arms an event fired, at their loosest working points.
public enum ShadowOutcome: String, CaseIterable, Sendable {
  /// Both fired.
  case both
  /// The live arms alone.
  case liveOnly = "live_only"
  /// The shadow alone.
  case shadowOnly = "shadow_only"
  /// Neither fired.
  case neither
}
