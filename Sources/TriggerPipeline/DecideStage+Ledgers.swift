internal import BoundedNumbers
internal import DurableFiles
internal import EventRecords
internal import NumberText
internal import Synchronization
internal import WorkerThreads

extension DecideStage {
  /// Resumes the runs that an earlier process has left open. `closed` are those that it closed: an
  /// account of one of them had not retired when the process ended.
  func resume(after closed: [ClosedBefore]) {
    ledger.remember(closed)
    var accounts = ledgerState.accounts
    for each in accounts where closed.contains(where: { $0.tells(each.account) }) {
      ledger.entries[each.slot].isClosed.store(false, ordering: .relaxed)
      retire(each.slot)
    }
    accounts.removeAll { each in retiring.contains { $0.entry == each.slot } }
    for each in accounts {
      for refused in each.refused {
        ledger.refusals.add(refused.reason, count: refused.count, row: each.slot)
      }
    }
    let passed = ledger.resume(accounts.map { (slot: $0.slot, account: $0.account) })
    for entry in passed { close(entry, .nextRun) }
    for each in accounts where !passed.contains(each.slot) {
      observer.ledgerResumed(
        run: each.account.run, source: each.account.source,
        decided: each.account.decided.received)
    }
  }

  /// Notes that the records of a stretch are decided. Their sequences nearly always follow one
  /// another.
  func account(for stretch: Range<Int>, in index: Int) {
    let entry = ledger.entries[index]
    let record = UnsafeRawPointer(ring.record(at: stretch.lowerBound))
    var start = 0
    while start < stretch.count {
      let first = ring.record(start, behind: record).sequence
      var next = start + 1
      while next < stretch.count,
        ring.record(next, behind: record).sequence == first &+ UInt64(next - start)
      {
        next += 1
      }
      entry.account.decided.note(first, count: UInt64(next - start))
      start = next
    }
    guard !entry.isDirty else { return }
    entry.isDirty = true
    dirtyEntries.append(index)
  }

  /// Before the staged records are journaled: a kill leaves no record in the journal whose run is in no
  /// ledger, or whose sequence is beyond what the ledger expects.
  func announceBatch() {
    for index in dirtyEntries where ledger.entries[index].isStaged {
      ledgerState.announce(ledger.entries[index].account, in: index)
    }
  }

  func enterAccounts() {
    for index in dirtyEntries {
      ledger.entries[index].isDirty = false
      ledger.entries[index].isStaged = false
      enterAccount(index)
    }
    dirtyEntries.removeAll(keepingCapacity: true)
  }

  func enterAccount(_ index: Int) {
    ledgerState.enter(
      ledger.entries[index].account, refused: ledger.refusals.untold(index), in: index)
  }

  /// The staged records could not be journaled before the end.
  func noteAbandoned() {
    guard let base = staged.baseAddress else { return }
    for (place, index) in stagedEntries.enumerated() {
      let record = FlaggedRecordView(
        base + place * flaggedByteCount, featureCount: ring.featureCount)
      ledger.entries[index].account.abandon(record.reasons)
    }
  }

  func closePassed() {
    for each in passed { close(each.entry, each.closing) }
    passed.removeAll(keepingCapacity: true)
  }

  /// Closes runs that have fallen silent, and tells what was refused.
  func serviceLedgers() {
    ledgerState.service()
    if !retiring.isEmpty { clearRetired() }
    if ledger.pendingClosings.load(ordering: .acquiring) > 0 { closeSilent() }
    if unwritten.isEmpty && !refusals.hasNews { return }
    let nowNs = clock.monotonicNs
    for (index, closing) in unwritten.due(nowNs: nowNs) { close(index, closing) }
    refusals.tell(nowNs: nowNs, whenTold: enterAccount)
  }

  func closeSilent() {
    let released = ring.releasedPosition
    var hasClosed = false
    for index in ledger.entries.indices {
      let position = ledger.entries[index].closePosition.load(ordering: .acquiring)
      guard position >= 0, position <= released else { continue }
      ledger.entries[index].closePosition.store(-1, ordering: .relaxed)
      ledger.pendingClosings.wrappingSubtract(1, ordering: .acquiringAndReleasing)
      close(index, .silence)
      hasClosed = true
    }
    // The input may wait for an entry.
    if hasClosed { ring.releases.signal() }
  }

  /// Writes the ledger of a run. Where that fails the entry is kept, and tried again.
  func close(_ index: Int, _ closing: RunLedgerReport.Closing) {
    let entry = ledger.entries[index]
    let figures = closing == .shutdown ? entry.figures : entry.closingFigures
    var report = entry.report(closing, figures: figures)
    report.refused = ledger.refusals.untold(index)
    if !unwritten.contains(index) { note(report) }
    // Where no line can be written, the account has to tell of records that came and were not decided.
    entry.account.expected = report.expected
    enterAccount(index)
    do {
      try ledgerFile.append(report)
    } catch {
      unwritten.note(index, closing, nowNs: clock.monotonicNs)
      observer.journalStalled("\(error)")
      return
    }
    unwritten.remove(index)
    ledger.refusals.note(told: report.refused, row: index)
    refusals.forget(row: index)
    guard closing == .shutdown else { return retire(index) }
    // The next process continues a run that the end of this one has cut.
    enterAccount(index)
    entry.isClosed.store(true, ordering: .releasing)
  }

  /// Keeps the account of a closed run until its line in the ledger is on the disk.
  private func retire(_ index: Int) { retiring.append((index, ledgerFile.end)) }

  /// Frees the entries of closed runs whose lines are on the disk. The thread that waits for the disk
  /// brings them there about once a second. Where entries run short, this one does.
  private func clearRetired() {
    let isShort =
      retiring.count >= RunLedgerTable.entryCount / 2
      || ledger.lacksEntry.load(ordering: .relaxed)
    if isShort, clock.monotonicNs >= retiringRetryNs {
      ledger.lacksEntry.store(false, ordering: .relaxed)
      // The other thread tells of a disk that refuses.
      let isDone: Void? = try? ledgerFile.synchronise()
      if isDone == nil { retiringRetryNs = clock.monotonicNs +| 1_000_000_000 }
    }
    let durableEnd = ledgerFile.durableEnd
    let retired = retiring.prefix { $0.end <= durableEnd }
    guard !retired.isEmpty else { return }
    for each in retired {
      ledgerState.clear(each.entry)
      ledger.entries[each.entry].isClosed.store(true, ordering: .releasing)
    }
    retiring.removeFirst(retired.count)
    ring.releases.signal()
  }

  func note(_ report: RunLedgerReport) {
    if !report.isBalanced { counters.ledgerFaults.add() }
    counters.shed.add(report.shed)
    closedCount += 1
    reports.append(report)
    if reports.count >= 2 * Self.manifestReportsMax {
      reports.removeFirst(Self.manifestReportsMax)
    }
    observer.ledgerClosed(report)
  }

  /// The number of closed ledgers that the journal's manifest has, the last ones.
  static let manifestReportsMax = 64

  /// Closes the open ledgers, and with them the journal. The ingest thread has ended by now.
  func finish() {
    closeSilent()
    for (index, closing) in unwritten.due(nowNs: .max) { close(index, closing) }
    for index in ledger.entries.indices
    where !ledger.entries[index].isClosed.load(ordering: .acquiring)
      && !unwritten.contains(index) && !retiring.contains(where: { $0.entry == index })
    {
      ledger.entries[index].takeFigures()
      close(index, .shutdown)
    }
    refusals.tell(nowNs: clock.monotonicNs, isLast: true, whenTold: enterAccount)
    if !unwritten.isEmpty {
      observer.journalWarned(
        "the ledgers of \(counted(unwritten.count, "run")) could not be written to ledger.jsonl; "
          + "they are in ledger.open, and the next start resumes the runs")
    }
    if refusals.hasLost {
      state.setEndFailure("counts of refused records could not be written to ledger.jsonl")
    }
    // Where the disk refuses, the next start finds both account and line.
    try? ledgerFile.synchronise()
    clearRetired()
    ledgerState.service()
    let listed = reports.suffix(Self.manifestReportsMax)
    output.finish(
      ledger: Array(listed), leftOut: closedCount - UInt64(listed.count),
      unbiasedPrescale: unbiasedPrescale)
  }
}
