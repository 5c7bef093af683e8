internal import BoundedNumbers
public import EventRecords

/// Everything the pipeline counts since start. Written on the way of the events, read by whoever
/// shows it; all sums of the ledger can be checked from here:
/// received = scored + rejected + shed, and kept = published + waiting + abandoned.
public final class PipelineCounters: Sendable {
  /// Events that got a score.
  public let scored = AtomicCounter()
  /// Records and messages refused, by reason.
  private let rejectedByReason: [AtomicCounter]
  /// Events given up because the pipeline was told to end before it could score them.
  public let shed = AtomicCounter()
  /// Events that fired a working point, and those that its prescale let pass, by its name.
  public let workingPoints = WorkingPointTable()
  /// Events above the loosest threshold, before prescales.
  public let aboveThreshold = AtomicCounter()
  /// Events kept by the unbiased prescale.
  public let unbiased = AtomicCounter()
  /// Events kept because they could not be scored.
  public let notScorable = AtomicCounter()
  /// Events that would have been kept but for the cap on the flagged rate.
  public let floodSuppressed = AtomicCounter()
  /// The prescale that the cap imposes now; 1 while there is no flood.
  public let floodPrescale = AtomicCounter()
  /// Events handed on for commissioning alone, with reasons 0.
  public let unflagged = AtomicCounter()
  /// What shadow and live generation would have done with an event, in `ShadowOutcome`'s order.
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
  /// Flagged records written to the journal.
  public let journaled = AtomicCounter()
  /// Bytes written to the journal.
  public let journaledBytes = AtomicCounter()
  /// Flagged records handed to the output socket, by topic.
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
  /// Flagged records that could be neither journaled nor published before the end.
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
  /// Sampled events, which were scored both ways.
  public let audited = AtomicCounter()
  /// Of these, those that the screen would have let go though their exact score fires.
  public let screenMissed = AtomicCounter()
  /// The largest share by which the screen score of a firing event fell short, as float32 bits.
  public let screenShortfallBits = AtomicCounter()
  /// Runs whose ledger did not close with equal sums.
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

  /// Kept, since `allCases` makes a new array at each call and a flood of bad records may call often.
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

/// Which of the live and the shadow generation an event fired, at their loosest working points.
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
