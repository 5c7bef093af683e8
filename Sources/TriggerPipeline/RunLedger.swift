internal import BoundedNumbers
internal import EventRecords
internal import Synchronization

/// The sums of one run and source, as they stood when the run's end had passed the pipeline.
package struct RunLedgerReport: Equatable, Sendable {
  /// Why the ledger was closed.
  package enum Closing: String, Sendable {
    /// The sender's end of run.
    case endOfRun = "end_of_run"
    /// The same source began other runs without ending this one, or this one again. It may be
    /// resumed; another line then has the rest.
    case nextRun = "next_run"
    /// No record of it came for a long time. It may be resumed; another line then has the rest.
    case silence
    /// The daemon was told to end.
    case shutdown
  }

  /// The run.
  package var run: UInt32
  /// The sender.
  package var source: UInt32
  /// Why it was closed.
  package var closing: Closing
  /// Records the sender has sent: its highest sequence number.
  package var expected: UInt64
  /// Distinct records that came, control records included: expected = received + lost.
  package var received: UInt64
  /// Sequence numbers that never came.
  package var lost: UInt64
  /// Events that came, repeated ones included: events = scored + rejected + shed.
  package var events: UInt64
  /// Events that got a score.
  package var scored: UInt64
  /// Events refused because a feature was not finite.
  package var notFinite: UInt64
  /// Records refused because their sequence number had come before.
  package var repeated: UInt64
  /// Records refused since the refusals of the run were last reported.
  package var refused: [RefusedCount] = []
  /// Events given up at the end of the daemon.
  package var shed: UInt64
  /// Events above a threshold that were kept.
  package var flagged: UInt64
  /// Events kept by the unbiased prescale.
  package var unbiased: UInt64
  /// Records that were to be kept and were given up; those of earlier processes included.
  package var abandoned = AbandonedCounts()
  /// When the run was begun here, ns since the epoch. Reports of the same run, source and time go on
  /// from one another over restarts: the last one counts.
  package var openedNs: UInt64 = 0
  /// How often another process has resumed the run.
  package var resumeCount: UInt64 = 0
  /// Sequences of the records that were decided, ascending. Sequences up to `closedThrough` are no
  /// longer told apart.
  package var decidedRanges: [ClosedRange<UInt64>] = []
  /// The highest sequence that is no longer told apart; 0 where all are.
  package var closedThrough: UInt64 = 0
  /// How many records were decided.
  package var decided: UInt64 = 0

  /// Creates a report.
  package init(
    run: UInt32, source: UInt32, closing: Closing, expected: UInt64, received: UInt64,
    lost: UInt64, events: UInt64, scored: UInt64, notFinite: UInt64, repeated: UInt64,
    shed: UInt64, flagged: UInt64, unbiased: UInt64, openedNs: UInt64 = 0,
    resumeCount: UInt64 = 0, decidedRanges: [ClosedRange<UInt64>] = [],
    closedThrough: UInt64 = 0, decided: UInt64 = 0
  ) {
    self.run = run
    self.source = source
    self.closing = closing
    self.expected = expected
    self.received = received
    self.lost = lost
    self.events = events
    self.scored = scored
    self.notFinite = notFinite
    self.repeated = repeated
    self.shed = shed
    self.flagged = flagged
    self.unbiased = unbiased
    self.openedNs = openedNs
    self.resumeCount = resumeCount
    self.decidedRanges = decidedRanges
    self.closedThrough = closedThrough
    self.decided = decided
  }

  /// Whether the sums agree.
  package var isBalanced: Bool {
    UInt128(expected) == UInt128(received) + UInt128(lost)
      && UInt128(events)
        == [scored, notFinite, repeated, shed].reduce(UInt128(0)) { $0 + UInt128($1) }
  }
}

/// One run of one source. The ingest thread writes the first half, the publish thread the second;
/// figures that both need at the end of a run go through the ring in `closingFigures`.
///
/// `@unchecked` by that rule; `isClosed` hands the entry back to the ingest thread.
final class RunLedgerEntry: @unchecked Sendable {
  /// The figures of the ingest thread when it took the record that closes the run.
  struct IngestFigures {
    var expected: UInt64 = 0
    var received: UInt64 = 0
    var lost: UInt64 = 0
    var events: UInt64 = 0
    var repeated: UInt64 = 0
  }

  // The ingest thread's.
  var run: UInt32 = 0
  var source: UInt32 = 0
  var sequences = SequenceTracker()
  var figures = IngestFigures()
  private(set) var openedNs: UInt64 = 0
  private(set) var resumeCount: UInt64 = 0
  private var earlierExpected: UInt64 = 0

  // Written by ingest before the closing record enters the ring, read by publish after it left.
  var closingFigures = IngestFigures()

  /// Whether the entry was taken over from an earlier process and no record has come since. The
  /// next record of the source decides whether the run continues. Belongs to the ingest thread.
  var isResumed = false

  // The publish thread's.
  var account = DecidedAccount()
  /// Whether the account has changed since it was last entered in the ledger's state.
  var isDirty = false
  /// Whether the batch that is decided now has records of it for the journal.
  var isStaged = false

  /// For a run that is to be closed without a record that says so: the position in the ring before
  /// which all its records lie. Otherwise -1. Ingest sets it, publish resets it.
  let closePosition = Atomic<Int>(-1)

  /// Set by the publish thread once the ledger is written: the entry may be used again.
  let isClosed = Atomic<Bool>(true)

  func open(run: UInt32, source: UInt32, openedNs: UInt64, resumeCount: UInt64 = 0) {
    self.run = run
    self.source = source
    self.openedNs = openedNs
    self.resumeCount = resumeCount
    sequences = SequenceTracker()
    figures = IngestFigures()
    earlierExpected = 0
    isResumed = false
    account = DecidedAccount(
      run: run, source: source, openedNs: openedNs, resumeCount: resumeCount)
    isClosed.store(false, ordering: .releasing)
  }

  /// Resumes the account of an earlier process. The records that it decided count as received.
  func resume(_ earlier: DecidedAccount) {
    open(
      run: earlier.run, source: earlier.source, openedNs: earlier.openedNs,
      resumeCount: earlier.resumeCount +| 1)
    account = earlier
    account.resumeCount = resumeCount
    sequences = earlier.decided
    earlierExpected = earlier.expected
    figures.events = earlier.scored +| earlier.notFinite
    isResumed = true
  }

  /// The run takes no more records.
  func end() {
    takeFigures()
    closingFigures = figures
  }

  /// Takes the present sums of the sequence tracker, as the end of the run would.
  func takeFigures() {
    // An earlier process may have received more than it decided.
    figures.expected = max(sequences.highest, earlierExpected)
    figures.received = sequences.received
    figures.lost = figures.expected -| figures.received
  }

  func report(_ closing: RunLedgerReport.Closing, figures: IngestFigures) -> RunLedgerReport {
    let decided = account.scored +| account.notFinite +| figures.repeated
    var report = RunLedgerReport(
      run: run, source: source, closing: closing, expected: figures.expected,
      received: figures.received, lost: figures.lost, events: figures.events,
      scored: account.scored, notFinite: account.notFinite, repeated: figures.repeated,
      shed: closing == .shutdown ? figures.events - min(decided, figures.events) : 0,
      flagged: account.flagged, unbiased: account.unbiased, openedNs: account.openedNs,
      resumeCount: account.resumeCount, decidedRanges: account.decided.seenRanges,
      closedThrough: account.decided.closedSequence, decided: account.decided.received)
    report.abandoned = account.abandoned
    return report
  }
}
