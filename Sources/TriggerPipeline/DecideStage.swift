internal import BoundedNumbers
internal import Drift
internal import DurableFiles
internal import EventRecords
internal import RateControl
internal import Synchronization
internal import WorkerThreads

/// The fields of a flagged record that identify the daemon and what it decided with.
struct FlaggedOrigin: Sendable {
  var instance: UInt32
  var model: UInt32
  var calibration: UInt32
}

/// The thread at the end: decides in input order, hands over the events to keep, and closes the
/// ledgers of the runs that have passed.
///
/// `@unchecked`: what changes belongs to the publish thread alone.
final class DecideStage: @unchecked Sendable {
  private let ring: RecordRing
  private let generations: GenerationTable
  /// The generation of the records that are decided now.
  private var current: ModelGeneration
  /// The rule in force: that of the generation with the factors of rate control.
  private var rule: DecisionRule
  /// Nil where no rate is held.
  private var control: ControlLoop?
  /// Whether a flood has been on since the window of rate control began.
  private var wasFlooded = false
  private var flood: FloodGovernor?
  private var floodPrescale: UInt32 = 1
  /// Whether events that neither a working point nor a sample keeps are published, too.
  private let publishesAll: Bool
  private let ledger: RunLedgerTable
  private let ledgerState: RunAccountFile
  private let ledgerFile: LedgerFile
  private let decisionLog: DecisionLog
  let output: JournaledOutput
  private let counters: PipelineCounters
  private let recentFlags: RecentFlags
  private let state: PipelineState
  private let clock: PipelineClock
  private let observer: any PipelineObserver
  private let unbiasedPrescale: UInt32
  private let flaggedByteCount: Int
  private let staged: UnsafeMutableRawBufferPointer
  private var stagedCount = 0
  /// What the drift monitor is told of a stretch.
  private let noted: UnsafeMutablePointer<DecidedEvent>
  /// The entries of the runs that the staged records are of.
  private var stagedEntries: [Int] = []
  /// Runs whose ledgers are closed when what was decided of them is in the journal.
  private var passed: [(entry: Int, closing: RunLedgerReport.Closing)] = []
  /// Entries whose accounts have changed since they were last entered in the ledger's state.
  private var dirtyEntries: [Int] = []
  /// The ledgers closed last, for the journal's manifest; `ledger.jsonl` has all.
  private var reports: [RunLedgerReport] = []
  private var closedCount: UInt64 = 0
  private var unwritten = UnwrittenLedgers()
  private var refusals: RefusalTelling
  /// Whether the decision log names the generation in force.
  private var hasLoggedGeneration = false
  /// The last event that was decided; nil before the first.
  private var lastDecided: EventIdentity?

  init(
    ring: RecordRing, generations: GenerationTable, ledger: RunLedgerTable, output: JournaledOutput,
    counters: PipelineCounters, recentFlags: RecentFlags, state: PipelineState,
    observer: any PipelineObserver, settings: PipelineSettings, ledgers: JournalLedgers
  ) throws {
    ledgerFile = ledgers.file
    ledgerState = ledgers.state
    decisionLog = ledgers.decisions
    self.ring = ring
    self.generations = generations
    current = generations.latest
    // A new process goes on where the last one was, under the same model and calibration.
    let last = ledgers.decisions.last
    let isSame =
      last?.model == current.facts.modelSHA256
      && last?.calibration == current.facts.calibrationSHA256
    control = current.control.loop(factors: isSame ? last?.factors ?? [] : [])
    rule = current.rule.with(factors: control?.factors ?? [])
    flood = settings.flaggedRateMax > 0 ? FloodGovernor(rateMax: settings.flaggedRateMax) : nil
    publishesAll = settings.publishesAll
    self.ledger = ledger
    self.output = output
    self.counters = counters
    self.recentFlags = recentFlags
    self.state = state
    clock = settings.clock
    self.observer = observer
    unbiasedPrescale = settings.unbiasedPrescale
    flaggedByteCount = FlaggedRecord.byteCount(featureCount: ring.featureCount)
    staged = .allocate(byteCount: settings.batchMax * flaggedByteCount, alignment: 64)
    noted = .allocate(capacity: settings.batchMax)
    dirtyEntries.reserveCapacity(RunLedgerTable.entryCount)
    stagedEntries.reserveCapacity(settings.batchMax)
    passed.reserveCapacity(RunLedgerTable.entryCount)
    ledger.remember(ClosedBefore.list(inFolder: settings.journalPath))
    refusals = RefusalTelling(ledger: ledger, file: ledgerFile, observer: observer)
    showControl()
    resume()
  }

  deinit {
    staged.deallocate()
    noted.deallocate()
  }

  /// Works until everything that came in is decided and, as far as the output takes it, published.
  func run() {
    while true {
      let seen = ring.completions.value
      if step() { continue }
      if isOver { break }
      let waitNs: Int64 = output.hasBacklog ? 2_000_000 : 20_000_000
      ring.completions.wait(while: seen, timeoutNs: waitNs, spins: 200)
    }
    finish()
  }

  /// Whether everything that came in is decided and the output takes no more of it.
  var isOver: Bool { state.hasInputEnded && ring.isEmpty && output.isOver }

  /// Decides one scored range, and publishes records that wait for the output. Returns whether
  /// there was a range.
  func step() -> Bool {
    output.service()
    serviceLedgers()
    decisionLog.retry(observer)
    guard let range = ring.nextCompletedRange() else {
      if ring.isEmpty { state.noteOutputProgress() }
      if floodPrescale > 1 { letFloodPass() }
      return false
    }
    counters.batchEvents.record(Double(range.count))
    decide(range)
    let isKept = output.take(
      UnsafeRawBufferPointer(rebasing: staged[..<(stagedCount * flaggedByteCount)]),
      count: stagedCount)
    if !isKept { noteAbandoned() }
    stagedCount = 0
    stagedEntries.removeAll(keepingCapacity: true)
    // After the journal: what the account says was decided is there for good, or told as given up.
    enterAccounts()
    closePassed()
    ring.release(upTo: range.upperBound)
    state.noteOutputProgress()
    return true
  }
}

// MARK: - Decide

extension DecideStage {
  private func decide(_ range: Range<Int>) {
    let decidedNs = clock.realtimeNs
    // A range is of one generation.
    let generation = ring.generation(at: range.lowerBound)
    if generation != current.number { takeUp(generation) }
    var start = range.lowerBound
    while start < range.upperBound {
      let note = ring.note(at: start)
      if let closed = note.closedEntry, closed != note.ledgerEntry {
        passed.append((closed, .nextRun))
      }
      // A threshold may move with the last event of a stretch, and before no other.
      let count = min(range.upperBound - start, control?.remainingCount ?? .max)
      let stretch = ring.stretch(from: start, upTo: start + count)
      account(for: stretch, in: note.ledgerEntry)
      if note.isEvent { decide(stretch, note.ledgerEntry, decidedNs: decidedNs) }
      if note.closedEntry == note.ledgerEntry { passed.append((note.ledgerEntry, .endOfRun)) }
      start = stretch.upperBound
    }
  }

  /// Decides events of one run. Those that a sender marked as simulated are few.
  private func decide(_ stretch: Range<Int>, _ ledgerEntry: Int, decidedNs: UInt64) {
    let entry = ledger.entries[ledgerEntry]
    if !hasLoggedGeneration { log(.before(identity(at: stretch.lowerBound))) }
    var start = stretch.lowerBound
    while start < stretch.upperBound {
      let measured = start..<simulatedPosition(in: start..<stretch.upperBound)
      if !measured.isEmpty {
        decideMeasured(measured, ledgerEntry, in: entry, decidedNs: decidedNs)
      }
      start = measured.upperBound
      guard start < stretch.upperBound else { break }
      countSimulated(at: start, in: entry)
      noteTimes(of: start..<start + 1, decidedNs: decidedNs)
      decide(start, ledgerEntry, in: entry, decidedNs: decidedNs)
      start += 1
    }
    lastDecided = identity(at: stretch.upperBound - 1)
  }

  /// The first event of a stretch that is marked as simulated; its end where none is.
  private func simulatedPosition(in stretch: Range<Int>) -> Int {
    stretch.first { EventRecordView(ring.record(at: $0)).flags.contains(.simulated) }
      ?? stretch.upperBound
  }

  /// What can be done for all of them together is: most are not kept.
  private func decideMeasured(
    _ stretch: Range<Int>, _ ledgerEntry: Int, in entry: RunLedgerEntry, decidedNs: UInt64
  ) {
    count(stretch, in: entry)
    countShadow(stretch)
    noteTimes(of: stretch, decidedNs: decidedNs)
    let (scores, loosest) = (
      ring.scores(at: stretch.lowerBound), rule.loosestThreshold
    )
    let isAnyKept = publishesAll || unbiasedPrescale > 0
    let isControlled = control != nil
    for position in stretch {
      let score = scores[position - stretch.lowerBound]
      if isAnyKept || !(score <= loosest) {
        decide(position, ledgerEntry, in: entry, decidedNs: decidedNs)
      }
      if isControlled, !score.isNaN { noteControl(score: score, position: position) }
    }
  }

  private func identity(at position: Int) -> EventIdentity {
    EventIdentity(EventRecordView(ring.record(at: position)))
  }

  /// Decides an event that may be kept.
  private func decide(
    _ position: Int, _ ledgerEntry: Int, in entry: RunLedgerEntry, decidedNs: UInt64
  ) {
    let record = EventRecordView(ring.record(at: position))
    let score = ring.score(at: position)
    let isSimulated = record.flags.contains(.simulated)
    guard let decision = decision(score: score, record: record, nowNs: decidedNs) else { return }
    count(decision, in: entry, isSimulated: isSimulated)
    if decision.reasons.contains(.unbiased) {
      current.drift.noteSampled(score: score, features: record.features)
    }
    let header = FlaggedHeader(
      reasons: decision.reasons, workingPoints: decision.workingPoints, score: score,
      threshold: rule.loosestThreshold(condition: record.condition),
      number: output.nextNumber + UInt64(stagedCount),
      receivedNs: ring.note(at: position).receivedNs, decidedNs: decidedNs,
      weight: decision.weight,
      model: current.origin.model, calibration: current.origin.calibration,
      instance: current.origin.instance,
      backgroundRate: current.backgroundRate(of: score))
    stage(header, position: position, record: record)
    stagedEntries.append(ledgerEntry)
  }

  private func decision(score: Float, record: EventRecordView, nowNs: UInt64) -> Decision? {
    let isQuiet = score <= rule.loosestThreshold
    if isQuiet, unbiasedPrescale == 0 { return publishesAll ? .unflagged : nil }
    let hash = PrescaleHash(
      run: record.run, source: record.source, sequence: record.sequence, event: record.event)
    if isQuiet, !hash.passes(prescale: unbiasedPrescale) {
      return publishesAll ? .unflagged : nil
    }
    let isSimulated = record.flags.contains(.simulated)
    let decision = rule.decide(
      score: score, condition: record.condition, hash: hash, floodPrescale: floodPrescale,
      isSimulated: isSimulated)
    // What a test sends makes no flood.
    if flood != nil, !isSimulated {
      lastDecided = EventIdentity(record)
      noteFlood(
        decision, score: score, condition: record.condition, hash: hash, nowNs: nowNs)
    }
    return decision ?? (publishesAll ? .unflagged : nil)
  }

  private func stage(_ header: FlaggedHeader, position: Int, record: EventRecordView) {
    guard let base = staged.baseAddress else { return }
    let attributions = UnsafeBufferPointer(
      start: ring.attributions(at: position), count: ring.featureCount)
    FlaggedRecord.encode(
      header, attributions: attributions, eventRecord: record,
      into: base + stagedCount * flaggedByteCount)
    stagedCount += 1
    if header.reasons.contains(.aboveThreshold), !record.flags.contains(.simulated) {
      recentFlags.note(header, record: record, attributions: attributions)
    }
  }

  /// Switches to another generation. The log names the first event that it decides.
  private func takeUp(_ generation: Int) {
    let before = current
    current = generations.generation(generation)
    hasLoggedGeneration = false
    takeUpControl(after: before)
  }

  private func log(_ place: DecisionChange.Place) {
    hasLoggedGeneration = true
    decisionLog.append(
      DecisionChange(
        place: place, number: output.nextNumber + UInt64(stagedCount),
        model: current.facts.modelSHA256, calibration: current.facts.calibrationSHA256,
        floodPrescale: floodPrescale, unbiasedPrescale: unbiasedPrescale,
        factors: rule.factors, timeNs: clock.realtimeNs),
      observer: observer)
  }

}

// MARK: - Flood

extension DecideStage {
  /// Tells the governor of an event that would be flagged without a cap. A changed prescale holds
  /// from the next event on.
  private func noteFlood(
    _ decision: Decision?, score: Float, condition: Float, hash: PrescaleHash, nowNs: UInt64
  ) {
    let isKept = decision?.isFlagged ?? false
    if !isKept {
      guard floodPrescale > 1,
        let uncapped = rule.decide(
          score: score, condition: condition, hash: hash),
        uncapped.isFlagged
      else { return }
      counters.floodSuppressed.add()
    }
    if flood?.note(isKept: isKept, nowNs: nowNs) ?? false { changeFlood() }
  }

  /// Ends a flood also when no more events come.
  private func letFloodPass() {
    if flood?.pass(nowNs: clock.realtimeNs) ?? false { changeFlood() }
  }

  private func changeFlood() {
    let before = floodPrescale
    floodPrescale = flood?.prescale ?? 1
    counters.floodPrescale.set(UInt64(floodPrescale))
    log(.after(lastDecided))
    if before == 1 || floodPrescale == 1 { observer.floodChanged(prescale: floodPrescale) }
  }
}

// MARK: - Rate control

extension DecideStage {
  /// Enters a scored event into the window of rate control. At the window's end thresholds may move.
  private func noteControl(score: Float, position: Int) {
    if floodPrescale > 1 { wasFlooded = true }
    let record = EventRecordView(ring.record(at: position))
    let timeNs = record.timeNs
    let isOver =
      control?.note(
        fired: rule.firedPoints(score: score, condition: record.condition), timeNs: timeNs)
      ?? false
    guard isOver else { return }
    lastDecided = EventIdentity(record)
    closeControlWindow(timeNs: timeNs)
  }

  private func closeControlWindow(timeNs: UInt64) {
    let before = control?.hold
    let hasMoved =
      control?.close(
        timeNs: timeNs, isFlooded: wasFlooded, isDrifting: current.isDrifting.value != 0) ?? false
    wasFlooded = floodPrescale > 1
    if hasMoved {
      rule = current.rule.with(factors: control?.factors ?? [])
      log(.after(lastDecided))
    }
    showControl()
    if let now = control?.hold, now != before { observer.rateControlChanged(hold: now) }
  }

  /// Goes on with the same factors where only other files or settings changed; begins anew where
  /// another model or calibration decides.
  private func takeUpControl(after before: ModelGeneration) {
    let isSame =
      before.facts.modelSHA256 == current.facts.modelSHA256
      && before.facts.calibrationSHA256 == current.facts.calibrationSHA256
    control = current.control.loop(factors: isSame ? rule.factors : [])
    control?.holdAfterReload()
    wasFlooded = floodPrescale > 1
    rule = current.rule.with(factors: control?.factors ?? [])
    showControl()
  }

  private func showControl() {
    for (index, point) in current.counters.enumerated() {
      let controller = control?.controllers[index]
      if point.factor != rule.factors[index] {
        point.factorBits.set(UInt64(rule.factors[index].bitPattern))
      }
      point.steps.set(controller?.stepCount ?? 0)
      point.hold.set(UInt64(controller == nil ? 0 : control?.hold.rawValue ?? 0))
    }
  }
}

// MARK: - Counts

extension DecideStage {
  /// Counts the scores of a stretch, which is at most a batch.
  private func count(_ stretch: Range<Int>, in entry: RunLedgerEntry) {
    let (rule, scores) = (rule, ring.scores(at: stretch.lowerBound))
    var notFiniteCount: UInt64 = 0
    for (place, position) in stretch.enumerated() {
      let score = scores[place]
      let condition = EventRecordView(ring.record(at: position)).condition
      let fired = rule.firedPoints(score: score, condition: condition)
      noted[place] = DecidedEvent(
        condition: condition, fired: fired, isScorable: !score.isNaN)
      if score.isNaN { notFiniteCount += 1 }
      if fired != 0 { count(fired: fired) }
    }
    current.drift.noteEvents(noted, count: stretch.count)
    counters.scores.record(scores, count: stretch.count)
    counters.scoreBins.record(scores, count: stretch.count)
    let scoredCount = UInt64(stretch.count) - notFiniteCount
    counters.scored.addSaturated(scoredCount)
    entry.account.scored +|= scoredCount
    guard notFiniteCount > 0 else { return }
    entry.account.notFinite +|= notFiniteCount
    counters.rejected(.notFinite).add(notFiniteCount)
  }

  private func count(fired: UInt16) {
    counters.aboveThreshold.add()
    for point in current.counters.indices where fired >> UInt16(point) & 1 == 1 {
      current.counters[point].fired.add()
    }
  }

  /// Notes when events came, and how long they waited. Events of one message came together.
  private func noteTimes(of stretch: Range<Int>, decidedNs: UInt64) {
    var receivedNs = ring.note(at: stretch.lowerBound).receivedNs
    var together: UInt64 = 0
    let latencies = counters.decisionLatency
    func record() {
      let latencyNs = decidedNs > receivedNs ? decidedNs - receivedNs : 0
      latencies.record(Double(latencyNs) * 1e-9, weight: together)
    }
    for position in stretch {
      let next = ring.note(at: position).receivedNs
      if next != receivedNs {
        record()
        (receivedNs, together) = (next, 0)
      }
      together += 1
    }
    record()
    counters.lastEventNs.set(receivedNs)
  }

  /// An event that its sender marked as simulated belongs to the ledger, and to no rate.
  private func countSimulated(at position: Int, in entry: RunLedgerEntry) {
    let score = ring.score(at: position)
    if score.isNaN {
      entry.account.notFinite +|= 1
      counters.rejected(.notFinite).add()
      return
    }
    entry.account.scored +|= 1
    counters.scored.add()
    counters.simulatedScored.add()
    let fired = rule.firedPoints(
      score: score, condition: EventRecordView(ring.record(at: position)).condition)
    guard fired != 0 else { return }
    for point in current.counters.indices where fired >> UInt16(point) & 1 == 1 {
      current.counters[point].simulatedFired.add()
    }
  }

  private func count(_ decision: Decision, in entry: RunLedgerEntry, isSimulated: Bool) {
    if decision.reasons.isEmpty { return counters.unflagged.add() }
    if decision.reasons.contains(.aboveThreshold) { entry.account.flagged +|= 1 }
    if isSimulated { return }
    if decision.reasons.contains(.unbiased) {
      entry.account.unbiased +|= 1
      counters.unbiased.add()
    }
    if decision.reasons.contains(.notScorable) { counters.notScorable.add() }
    for point in current.counters.indices where decision.workingPoints >> UInt16(point) & 1 == 1 {
      current.counters[point].flagged.add()
    }
  }

  private func countShadow(_ stretch: Range<Int>) {
    guard let shadow = current.shadow else { return }
    for position in stretch {
      let condition = EventRecordView(ring.record(at: position)).condition
      let outcome =
        switch (
          ring.score(at: position) > rule.loosestThreshold(condition: condition),
          ring.shadowScores(at: position).pointee
            > shadow.rule.loosestThreshold(condition: condition)
        ) {
        case (true, true): 0
        case (true, false): 1
        case (false, true): 2
        case (false, false): 3
        }
      counters.shadow[outcome].add()
    }
  }
}

// MARK: - Ledger and end

extension DecideStage {
  /// Resumes the runs that an earlier process has left open.
  private func resume() {
    let accounts = ledgerState.accounts
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
  private func account(for stretch: Range<Int>, in index: Int) {
    let entry = ledger.entries[index]
    var start = stretch.lowerBound
    while start < stretch.upperBound {
      let first = sequence(at: start)
      var next = start + 1
      while next < stretch.upperBound, sequence(at: next) == first &+ UInt64(next - start) {
        next += 1
      }
      entry.account.decided.note(first, count: UInt64(next - start))
      start = next
    }
    guard !entry.isDirty else { return }
    entry.isDirty = true
    dirtyEntries.append(index)
  }

  private func sequence(at position: Int) -> UInt64 {
    EventRecordView(ring.record(at: position)).sequence
  }

  private func enterAccounts() {
    for index in dirtyEntries {
      ledger.entries[index].isDirty = false
      enterAccount(index)
    }
    dirtyEntries.removeAll(keepingCapacity: true)
  }

  private func enterAccount(_ index: Int) {
    ledgerState.enter(
      ledger.entries[index].account, refused: ledger.refusals.untold(index), in: index)
  }

  /// The staged records could not be journaled before the end.
  private func noteAbandoned() {
    guard let base = staged.baseAddress else { return }
    for (place, index) in stagedEntries.enumerated() {
      let record = FlaggedRecordView(
        base + place * flaggedByteCount, featureCount: ring.featureCount)
      ledger.entries[index].account.abandon(record.reasons)
    }
  }

  private func closePassed() {
    for each in passed { close(each.entry, each.closing) }
    passed.removeAll(keepingCapacity: true)
  }

  /// Closes runs that have fallen silent, and tells what was refused.
  private func serviceLedgers() {
    ledgerState.service()
    if ledger.pendingClosings.load(ordering: .acquiring) > 0 { closeSilent() }
    if unwritten.isEmpty && !refusals.hasNews { return }
    let nowNs = clock.monotonicNs
    for (index, closing) in unwritten.due(nowNs: nowNs) { close(index, closing) }
    refusals.tell(nowNs: nowNs, whenTold: enterAccount)
  }

  private func closeSilent() {
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
  private func close(_ index: Int, _ closing: RunLedgerReport.Closing) {
    let entry = ledger.entries[index]
    let figures = closing == .shutdown ? entry.figures : entry.closingFigures
    var report = entry.report(closing, figures: figures)
    report.refused = ledger.refusals.untold(index)
    if !unwritten.contains(index) { note(report) }
    // What came and was not decided is told by the account, too, where no line can be written.
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
    // The next process continues a run that the end of this one has cut.
    if closing == .shutdown { enterAccount(index) } else { ledgerState.clear(index) }
    entry.isClosed.store(true, ordering: .releasing)
  }

  private func note(_ report: RunLedgerReport) {
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
      && !unwritten.contains(index)
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
    ledgerState.service()
    let listed = reports.suffix(Self.manifestReportsMax)
    output.finish(
      ledger: Array(listed), leftOut: closedCount - UInt64(listed.count),
      unbiasedPrescale: unbiasedPrescale)
  }
}
