internal import EventRecords
internal import Synchronization

/// The sums of one run and source, as they stood when the run's end had passed the pipeline.
public struct RunLedgerReport: Equatable, Sendable {
  /// Why the ledger was closed.
  public enum Closing: String, Sendable {
    /// The sender's end of run.
    case endOfRun = "end_of_run"
    /// The same source began another run without ending this one.
    case nextRun = "next_run"
    /// The daemon was told to end.
    case shutdown
  }

  /// The run.
  public var run: UInt32
  /// The sender.
  public var source: UInt32
  /// What closed it.
  public var closing: Closing
  /// Records the sender has sent: its highest sequence number.
  public var expected: UInt64
  /// Distinct records that came, control records included: expected = received + lost.
  public var received: UInt64
  /// Sequence numbers that never came.
  public var lost: UInt64
  /// Events that came, repeated ones included: events = scored + rejected + shed.
  public var events: UInt64
  /// Events that got a score.
  public var scored: UInt64
  /// Events refused because a feature was not finite.
  public var notFinite: UInt64
  /// Records refused because their sequence number had come before.
  public var repeated: UInt64
  /// Events given up at the end of the daemon.
  public var shed: UInt64
  /// Events above a threshold that were kept.
  public var flagged: UInt64
  /// Events kept by the unbiased prescale.
  public var unbiased: UInt64

  /// Creates a report.
  public init(
    run: UInt32, source: UInt32, closing: Closing, expected: UInt64, received: UInt64,
    lost: UInt64, events: UInt64, scored: UInt64, notFinite: UInt64, repeated: UInt64,
    shed: UInt64, flagged: UInt64, unbiased: UInt64
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
  }

  /// Whether the sums agree.
  public var isBalanced: Bool {
    expected == received + lost && events == scored + notFinite + repeated + shed
  }
}

/// One run of one source. The ingest thread writes the first half, the publish thread the second;
/// what both need at the end of a run goes through the ring in `closingFigures`.
final class RunLedgerEntry: @unchecked Sendable {
  /// What the ingest thread knew when it took the record that closes the run.
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
  var sequences = SequenceLedger()
  var figures = IngestFigures()
  var hasEnded = false

  // Written by ingest before the closing record enters the ring, read by publish after it left.
  var closingFigures = IngestFigures()

  // The publish thread's.
  var scored: UInt64 = 0
  var notFinite: UInt64 = 0
  var flagged: UInt64 = 0
  var unbiased: UInt64 = 0

  /// Set by the publish thread once the ledger is written: the entry may be used again.
  let isClosed = Atomic<Bool>(true)

  func open(run: UInt32, source: UInt32) {
    self.run = run
    self.source = source
    sequences = SequenceLedger()
    figures = IngestFigures()
    hasEnded = false
    (scored, notFinite, flagged, unbiased) = (0, 0, 0, 0)
    isClosed.store(false, ordering: .releasing)
  }

  /// Takes the sequence ledger's sums as they stand: what the run's end would bring.
  func takeFigures() {
    figures.expected = sequences.highest
    figures.received = sequences.received
    figures.lost = sequences.lost
  }

  func report(_ closing: RunLedgerReport.Closing, figures: IngestFigures) -> RunLedgerReport {
    let decided = scored + notFinite + figures.repeated
    return RunLedgerReport(
      run: run, source: source, closing: closing, expected: figures.expected,
      received: figures.received, lost: figures.lost, events: figures.events, scored: scored,
      notFinite: notFinite, repeated: figures.repeated,
      shed: closing == .shutdown ? figures.events - min(decided, figures.events) : 0,
      flagged: flagged, unbiased: unbiased)
  }
}
