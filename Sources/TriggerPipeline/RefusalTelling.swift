internal import BoundedNumbers
internal import EventRecords
internal import Synchronization

/// Writes refused records into the ledger's file and tells the observer: the first of a run
/// within a second, further ones at most every ten seconds. Belongs to the publish thread.
struct RefusalTelling {
  private let ledger: RunLedgerTable
  private let file: LedgerFile
  private let observer: any PipelineObserver
  private var toldTotal: UInt64 = 0
  /// Whether some row had counts and was not due yet.
  private var hasRest = false
  private var lastLookNs: UInt64?
  /// By row: when it may be told again, and the run that it was told for.
  private var dueNs: [UInt64]
  private var toldRuns: [UInt64]

  private static let lookIntervalNs: UInt64 = 1_000_000_000
  private static let rowIntervalNs: UInt64 = 10_000_000_000

  init(ledger: RunLedgerTable, file: LedgerFile, observer: any PipelineObserver) {
    self.ledger = ledger
    self.file = file
    self.observer = observer
    dueNs = ledger.refusals.rows.map { _ in 0 }
    toldRuns = dueNs
  }

  var hasNews: Bool { hasRest || ledger.refusals.total.value != toldTotal }

  /// Whether, in the last `tell`, counts could not be written that no account of an open run holds.
  private(set) var hasLost = false

  /// Lets the next refusal of a row be told at once, since the row's run is closed.
  mutating func forget(row: Int) { dueNs[row] = 0 }

  /// Writes and reports the refusals that are due. `whenTold` gets the number of each entry that had some.
  mutating func tell(nowNs: UInt64, isLast: Bool = false, whenTold: (Int) -> Void) {
    guard hasNews else { return }
    if !isLast, let lastLookNs, nowNs -| lastLookNs < Self.lookIntervalNs { return }
    lastLookNs = nowNs
    toldTotal = ledger.refusals.total.value
    hasRest = false
    for row in ledger.refusals.rows {
      tell(row: row, nowNs: nowNs, isLast: isLast, whenTold: whenTold)
    }
  }

  private mutating func tell(
    row: Int, nowNs: UInt64, isLast: Bool, whenTold: (Int) -> Void
  ) {
    let refused = ledger.refusals.untold(row)
    guard !refused.isEmpty, let report = report(row: row, refused) else { return }
    let run = report.run.map { runKey(run: $0, source: report.source ?? 0) } ?? .max
    guard isLast || nowNs >= dueNs[row] || toldRuns[row] != run else {
      hasRest = true
      return
    }
    dueNs[row] = nowNs +| Self.rowIntervalNs
    toldRuns[row] = run
    do {
      try file.append(report)
    } catch {
      hasRest = true
      observer.journalStalled("\(error)")
      if isLast {
        observer.recordsRefused(report)
        hasLost = hasLost || !ledger.entries.indices.contains(row)
      }
      return
    }
    ledger.refusals.note(told: refused, row: row)
    if ledger.entries.indices.contains(row) { whenTold(row) }
    observer.recordsRefused(report)
  }

  /// Nil for an entry that is being closed: the line of its ledger has these counts.
  private func report(row: Int, _ refused: [RefusedCount]) -> RefusalReport? {
    if ledger.entries.indices.contains(row) {
      let entry = ledger.entries[row]
      guard !entry.isClosed.load(ordering: .acquiring) else { return nil }
      return RefusalReport(
        run: entry.run, source: entry.source, openedNs: entry.openedNs, refused: refused)
    }
    guard let (key, openedNs) = ledger.refusals.identity(ofRow: row) else {
      return RefusalReport(run: nil, source: nil, openedNs: 0, refused: refused)
    }
    return RefusalReport(
      run: UInt32(key >> 32), source: UInt32(truncatingIfNeeded: key), openedNs: openedNs,
      refused: refused)
  }
}
