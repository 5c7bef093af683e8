internal import CLinux
internal import DurableFiles
internal import EventRecords
internal import Synchronization
internal import WorkerThreads

/// What a flagged record says of the daemon that made it.
struct FlaggedOrigin: Sendable {
  var instance: UInt32
  var model: UInt32
  var calibration: UInt32
}

/// The thread at the end: decides in input order, journals what is kept, and only then publishes.
///
/// What the output will not take now waits in the journal, on disk and without bound in memory,
/// and goes out in order when the output takes it again.
final class PublishStage: @unchecked Sendable {
  private let ring: RecordRing
  private let rule: DecisionRule
  private let origin: FlaggedOrigin
  private let ledger: RunLedgerTable
  private let journal: FlaggedJournal
  private let ledgerFile: LedgerFile
  private let output: OutputSocket
  private let counters: PipelineCounters
  private let state: PipelineState
  private let observer: any PipelineObserver
  private let fsyncIntervalNs: UInt64
  private let flaggedByteCount: Int
  private let staged: UnsafeMutableRawBufferPointer
  private var stagedCount = 0
  private var backlog: UnsafeMutableRawBufferPointer
  private var lastFsyncNs = tamis_monotonic_ns()
  private var hasUnsynchronised = false
  private var reports: [RunLedgerReport] = []
  /// The number of the last record that the output took. Behind the journal's own after a crash,
  /// since what stood in the output's queue then may not have left.
  private var sentNumber: UInt64
  private var lastTakenNs = tamis_monotonic_ns()

  /// How long the end waits for an output that takes nothing.
  private static let patienceNs: UInt64 = 1_000_000_000

  init(
    ring: RecordRing, rule: DecisionRule, origin: FlaggedOrigin, ledger: RunLedgerTable,
    journal: FlaggedJournal, output: OutputSocket, counters: PipelineCounters,
    state: PipelineState, observer: any PipelineObserver, settings: PipelineSettings
  ) throws {
    ledgerFile = try LedgerFile(folder: settings.journalPath)
    self.ring = ring
    self.rule = rule
    self.origin = origin
    self.ledger = ledger
    self.journal = journal
    self.output = output
    self.counters = counters
    self.state = state
    self.observer = observer
    fsyncIntervalNs = UInt64(settings.fsyncIntervalMs) * 1_000_000
    flaggedByteCount = FlaggedRecord.byteCount(featureCount: ring.featureCount)
    staged = .allocate(byteCount: settings.batchMax * flaggedByteCount, alignment: 64)
    backlog = .allocate(byteCount: 64 * flaggedByteCount, alignment: 64)
    let wasKilled = !journal.recovery.segments.isEmpty
    let queued = wasKilled ? UInt64(settings.outputHighWaterMark) : 0
    sentNumber = journal.publishedNumber - min(queued, journal.publishedNumber)
    updateWaiting()
  }

  deinit {
    staged.deallocate()
    backlog.deallocate()
  }

  /// Works until everything that came in is decided and, as far as the output takes it, published.
  func run() {
    while true {
      let seen = ring.completions.value
      if step() { continue }
      if state.hasInputEnded && ring.isEmpty && isPublicationOver { break }
      let waitNs: Int64 = counters.waiting.value > 0 ? 2_000_000 : 20_000_000
      ring.completions.wait(while: seen, timeoutNs: waitNs, spins: 200)
    }
    finish()
  }

  /// Handles one scored range and whatever waits for the output; returns whether a range came.
  func step() -> Bool {
    output.serviceSubscriptions()
    counters.subscribers.set(UInt64(output.subscriberCount))
    publishBacklog()
    synchroniseIfDue()
    guard let range = ring.nextCompletedRange() else {
      if ring.isEmpty { state.noteOutputProgress() }
      return false
    }
    decide(range)
    journalStaged()
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
      threshold: rule.loosestThreshold, number: journal.nextNumber + UInt64(stagedCount),
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
      if score > rule.loosestThreshold { counters.aboveThreshold.add() }
    }
  }

  private func count(_ decision: Decision, in entry: RunLedgerEntry) {
    if decision.reasons.contains(.aboveThreshold) { entry.flagged += 1 }
    if decision.reasons.contains(.unbiased) {
      entry.unbiased += 1
      counters.unbiased.add()
    }
    if decision.reasons.contains(.notScorable) { counters.notScorable.add() }
    for point in 0..<counters.flagged.count where decision.workingPoints >> UInt16(point) & 1 == 1 {
      counters.flagged[point].add()
    }
  }

  private func stage(_ header: FlaggedHeader, position: Int, record: EventRecordView) {
    guard let base = staged.baseAddress else { return }
    FlaggedRecord.encode(
      header,
      attributions: UnsafeBufferPointer(
        start: ring.attributions(at: position), count: ring.featureCount),
      eventRecord: record, into: base + stagedCount * flaggedByteCount)
    stagedCount += 1
  }
}

// MARK: - Journal

extension PublishStage {
  /// Writes what is staged, trying again while the disk refuses, and then publishes it. Scoring
  /// goes on until the ring is full; then the input waits. Nothing is dropped unless the daemon is
  /// told to end and the disk has refused until the deadline: that is counted as abandoned.
  private func journalStaged() {
    guard stagedCount > 0 else { return }
    let bytes = UnsafeRawBufferPointer(rebasing: staged[..<(stagedCount * flaggedByteCount)])
    let wasCaughtUp = counters.waiting.value == 0
    while true {
      do {
        try journal.append(bytes)
        break
      } catch {
        counters.journalFailures.add()
        if state.setStall("journal: \(error)") { observer.journalStalled("\(error)") }
        if state.isPastDeadline { return abandonStaged() }
        tamis_sleep_ns(100_000_000)
      }
    }
    if state.stallReason != nil {
      state.setStall(nil)
      observer.journalRecovered()
    }
    counters.journaled.add(UInt64(stagedCount))
    counters.journaledBytes.add(UInt64(bytes.count))
    hasUnsynchronised = true
    if fsyncIntervalNs == 0 { synchronise() }
    if wasCaughtUp { publish(bytes, count: stagedCount) }
    stagedCount = 0
    updateWaiting()
  }

  private func abandonStaged() {
    counters.abandoned.add(UInt64(stagedCount))
    stagedCount = 0
  }

  private func synchroniseIfDue() {
    guard hasUnsynchronised, tamis_monotonic_ns() - lastFsyncNs >= fsyncIntervalNs else { return }
    synchronise()
  }

  private func synchronise() {
    lastFsyncNs = tamis_monotonic_ns()
    do {
      try journal.synchronise()
      hasUnsynchronised = false
    } catch {
      counters.journalFailures.add()
      observer.journalStalled("\(error)")
    }
  }
}

// MARK: - Publish

extension PublishStage {
  /// Sends records one by one until the output refuses one; returns how many it took.
  @discardableResult
  private func publish(_ records: UnsafeRawBufferPointer, count: Int) -> Int {
    var sent = 0
    while sent < count {
      let start = sent * flaggedByteCount
      let record = UnsafeRawBufferPointer(rebasing: records[start..<start + flaggedByteCount])
      guard let base = record.baseAddress else { break }
      let view = FlaggedRecordView(base, featureCount: ring.featureCount)
      let isUnbiasedOnly = view.reasons == .unbiased
      guard output.send(record, topic: isUnbiasedOnly ? .unbiased : .flagged) else {
        counters.outputBlocked.add()
        break
      }
      (isUnbiasedOnly ? counters.publishedUnbiased : counters.publishedFlagged).add()
      sentNumber = view.number
      sent += 1
    }
    if sent > 0 {
      lastTakenNs = tamis_monotonic_ns()
      rememberPublished()
    }
    return sent
  }

  /// The cursor only saves work after a restart: where it cannot be written, records go out again
  /// and receivers see numbers that they know.
  private func rememberPublished() {
    guard sentNumber > journal.publishedNumber else { return }
    do {
      try journal.setPublished(sentNumber)
    } catch {
      counters.journalFailures.add()
    }
  }

  /// Sends what waits in the journal, at most some thousand records at a time so that the decisions
  /// of live events are not held up behind a long backlog.
  private func publishBacklog() {
    guard counters.waiting.value > 0, output.mayTakeMore else { return }
    for _ in 0..<32 where sentNumber < journal.lastNumber {
      do {
        let count = try journal.read(from: sentNumber + 1, into: backlog)
        // What is left in the journal cannot be read back; it stays on disk for `tamis inspect`.
        if count == 0 { sentNumber = journal.lastNumber }
        if publish(UnsafeRawBufferPointer(backlog), count: count) < count { break }
      } catch {
        observer.journalStalled("\(error)")
        break
      }
    }
    updateWaiting()
  }

  private func updateWaiting() {
    counters.waiting.set(journal.lastNumber - min(sentNumber, journal.lastNumber))
  }

  /// Whether nothing waits, or time is up, or nobody has taken anything for a while: a receiver that
  /// is only slow is waited for until the deadline.
  private var isPublicationOver: Bool {
    counters.waiting.value == 0 || state.isPastDeadline
      || !output.mayTakeMore && tamis_monotonic_ns() - lastTakenNs > Self.patienceNs
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

  /// Closes the open ledgers and the journal. The ingest thread has ended by now.
  private func finish() {
    for index in ledger.entries.indices
    where !ledger.entries[index].isClosed.load(ordering: .acquiring) {
      ledger.entries[index].takeFigures()
      close(index, .shutdown)
    }
    synchronise()
    do {
      try journal.finish(extras: ["ledger": .array(reports.map(\.manifestSection))])
    } catch {
      counters.journalFailures.add()
      observer.journalStalled("\(error)")
    }
  }
}
