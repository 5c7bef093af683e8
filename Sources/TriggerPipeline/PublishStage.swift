internal import CLinux
internal import EventRecords
internal import Synchronization
internal import WorkerThreads

/// What a flagged record says of the daemon that made it.
struct FlaggedOrigin: Sendable {
  var instance: UInt32
  var model: UInt32
  var calibration: UInt32
}

/// The thread at the end: decides in input order, hands on what is kept, and closes the ledgers of
/// the runs that have passed.
final class PublishStage: @unchecked Sendable {
  private let ring: RecordRing
  private let rule: DecisionRule
  private let origin: FlaggedOrigin
  private let ledger: RunLedgerTable
  private let ledgerFile: LedgerFile
  private let output: JournaledOutput
  private let counters: PipelineCounters
  private let pointCounters: [WorkingPointCounters]
  private let recentFlags: RecentFlags
  private let state: PipelineState
  private let observer: any PipelineObserver
  private let flaggedByteCount: Int
  private let staged: UnsafeMutableRawBufferPointer
  private var stagedCount = 0
  private var reports: [RunLedgerReport] = []

  init(
    ring: RecordRing, rule: DecisionRule, origin: FlaggedOrigin, ledger: RunLedgerTable,
    output: JournaledOutput, counters: PipelineCounters,
    pointCounters: [WorkingPointCounters], recentFlags: RecentFlags, state: PipelineState,
    observer: any PipelineObserver, settings: PipelineSettings
  ) throws {
    self.pointCounters = pointCounters
    self.recentFlags = recentFlags
    ledgerFile = try LedgerFile(folder: settings.journalPath)
    self.ring = ring
    self.rule = rule
    self.origin = origin
    self.ledger = ledger
    self.output = output
    self.counters = counters
    self.state = state
    self.observer = observer
    flaggedByteCount = FlaggedRecord.byteCount(featureCount: ring.featureCount)
    staged = .allocate(byteCount: settings.batchMax * flaggedByteCount, alignment: 64)
  }

  deinit { staged.deallocate() }

  /// Works until everything that came in is decided and, as far as the output takes it, published.
  func run() {
    while true {
      let seen = ring.completions.value
      if step() { continue }
      if state.hasInputEnded && ring.isEmpty && output.isOver { break }
      let waitNs: Int64 = counters.waiting.value > 0 ? 2_000_000 : 20_000_000
      ring.completions.wait(while: seen, timeoutNs: waitNs, spins: 200)
    }
    finish()
  }

  /// Handles one scored range and whatever waits for the output; returns whether a range came.
  func step() -> Bool {
    output.service()
    guard let range = ring.nextCompletedRange() else {
      if ring.isEmpty { state.noteOutputProgress() }
      return false
    }
    counters.batchEvents.record(Double(range.count))
    decide(range)
    output.take(
      UnsafeRawBufferPointer(rebasing: staged[..<(stagedCount * flaggedByteCount)]),
      count: stagedCount)
    stagedCount = 0
    ring.release(upTo: range.upperBound)
    state.noteOutputProgress()
    return true
  }
}

// MARK: - Decide

extension PublishStage {
  private func decide(_ range: Range<Int>) {
    let decidedNs = tamis_realtime_ns()
    for position in range {
      let note = ring.note(at: position)
      if let closed = note.closedEntry, closed != note.ledgerEntry { close(closed, .nextRun) }
      if note.isEvent { decide(position, note, decidedNs: decidedNs) }
      if note.closedEntry == note.ledgerEntry { close(note.ledgerEntry, .endOfRun) }
    }
  }

  private func decide(_ position: Int, _ note: SlotNote, decidedNs: UInt64) {
    let record = EventRecordView(ring.record(at: position))
    let score = ring.score(at: position)
    let entry = ledger.entries[note.ledgerEntry]
    count(score, in: entry)
    counters.lastEventNs.set(note.receivedNs)
    let latencyNs = decidedNs > note.receivedNs ? decidedNs - note.receivedNs : 0
    counters.decisionLatency.record(Double(latencyNs) * 1e-9)
    guard let decision = rule.decide(score: score, event: record) else { return }
    count(decision, in: entry)
    let header = FlaggedHeader(
      reasons: decision.reasons, workingPoints: decision.workingPoints, score: score,
      threshold: rule.loosestThreshold, number: output.nextNumber + UInt64(stagedCount),
      receivedNs: note.receivedNs, decidedNs: decidedNs, weight: decision.weight,
      model: origin.model, calibration: origin.calibration, instance: origin.instance)
    stage(header, position: position, record: record)
  }

  private func count(_ score: Float, in entry: RunLedgerEntry) {
    if score.isNaN {
      entry.notFinite += 1
      counters.rejected(.notFinite).add()
    } else {
      entry.scored += 1
      counters.scored.add()
      counters.scores.record(Double(score))
      if score > rule.loosestThreshold { countFired(score) }
    }
  }

  private func countFired(_ score: Float) {
    counters.aboveThreshold.add()
    for point in pointCounters.indices where score > rule.routes[point].threshold {
      pointCounters[point].fired.add()
    }
  }

  private func count(_ decision: Decision, in entry: RunLedgerEntry) {
    if decision.reasons.contains(.aboveThreshold) { entry.flagged += 1 }
    if decision.reasons.contains(.unbiased) {
      entry.unbiased += 1
      counters.unbiased.add()
    }
    if decision.reasons.contains(.notScorable) { counters.notScorable.add() }
    for point in pointCounters.indices where decision.workingPoints >> UInt16(point) & 1 == 1 {
      pointCounters[point].flagged.add()
    }
  }

  private func stage(_ header: FlaggedHeader, position: Int, record: EventRecordView) {
    guard let base = staged.baseAddress else { return }
    let attributions = UnsafeBufferPointer(
      start: ring.attributions(at: position), count: ring.featureCount)
    if header.reasons.contains(.aboveThreshold) {
      recentFlags.note(header, record: record, attributions: attributions)
    }
    FlaggedRecord.encode(
      header, attributions: attributions,
      eventRecord: record, into: base + stagedCount * flaggedByteCount)
    stagedCount += 1
  }
}

// MARK: - Ledger and end

extension PublishStage {
  private func close(_ index: Int, _ closing: RunLedgerReport.Closing) {
    let entry = ledger.entries[index]
    let figures = closing == .shutdown ? entry.figures : entry.closingFigures
    let report = entry.report(closing, figures: figures)
    if !report.isBalanced { counters.ledgerFaults.add() }
    counters.shed.add(report.shed)
    reports.append(report)
    do {
      try ledgerFile.append(report)
    } catch {
      observer.journalStalled("\(error)")
    }
    observer.ledgerClosed(report)
    entry.isClosed.store(true, ordering: .releasing)
  }

  /// Closes the open ledgers, and with them the journal. The ingest thread has ended by now.
  private func finish() {
    for index in ledger.entries.indices
    where !ledger.entries[index].isClosed.load(ordering: .acquiring) {
      ledger.entries[index].takeFigures()
      close(index, .shutdown)
    }
    output.finish(ledger: reports, unbiasedPrescale: rule.unbiasedPrescale)
  }
}
