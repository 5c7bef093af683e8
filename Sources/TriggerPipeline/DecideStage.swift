internal import Drift
internal import DurableFiles
internal import EventRecords
internal import RateControl
internal import Synchronization
internal import WorkerThreads

/// The fields of a flagged record that identify the daemon, the model and the calibration.
struct FlaggedOrigin: Sendable {
  var instance: UInt32
  var model: UInt32
  var calibration: UInt32
}

/// The last stage: it decides in input order, hands over the events to keep, and closes the ledgers
/// of runs that have ended.
///
/// `@unchecked`: its state belongs to the publish thread alone.
final class DecideStage: @unchecked Sendable {
  let ring: RecordRing
  let generations: GenerationTable
  /// The generation of the records that are decided now.
  var current: ModelGeneration
  /// The rule in force: that of the generation with the factors of rate control.
  var rule: DecisionRule
  /// Nil where no rate is held.
  var control: ControlLoop?
  /// Whether a flood has been on since the window of rate control began.
  var wasFlooded = false
  var flood: FloodGovernor?
  var floodPrescale: UInt32 = 1
  /// Whether events that neither a working point nor a sample keeps are published, too.
  let publishesAll: Bool
  let ledger: RunLedgerTable
  let ledgerState: RunAccountFile
  let ledgerFile: LedgerFile
  let decisionLog: DecisionLog
  let output: JournaledOutput
  let counters: PipelineCounters
  let recentFlags: RecentFlags
  let state: PipelineState
  let clock: PipelineClock
  let observer: any PipelineObserver
  let unbiasedPrescale: UInt32
  let flaggedByteCount: Int
  let staged: UnsafeMutableRawBufferPointer
  var stagedCount = 0
  /// The decided events of a stretch, for the drift monitor.
  let noted: UnsafeMutablePointer<DecidedEvent>
  /// The entries of the runs that the staged records are of.
  var stagedEntries: [Int] = []
  /// Runs that have ended. Their ledgers are closed when all their kept events are in the journal.
  var passed: [(entry: Int, closing: RunLedgerReport.Closing)] = []
  /// Entries whose accounts have changed since they were last entered in the ledger's state.
  var dirtyEntries: [Int] = []
  /// The ledgers closed last, for the journal's manifest; `ledger.jsonl` has all.
  var reports: [RunLedgerReport] = []
  var closedCount: UInt64 = 0
  var unwritten = UnwrittenLedgers()
  /// Entries of closed runs, and where their lines end in the ledger's file. An account stays until
  /// its line is on the disk.
  var retiring: [(entry: Int, end: Int)] = []
  /// When this thread may try again to bring lines to the disk itself.
  var retiringRetryNs: UInt64 = 0
  var refusals: RefusalTelling
  /// Whether the decision log names the generation in force.
  var hasLoggedGeneration = false
  /// The row of prescales that the decision log has last, which rows it has had, and since when.
  var rowLog = PrescaleRowLog()
  /// The last event that was decided; nil before the first.
  var lastDecided: EventIdentity?

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
    retiring.reserveCapacity(RunLedgerTable.entryCount)
    refusals = RefusalTelling(ledger: ledger, file: ledgerFile, observer: observer)
    showControl()
    resume(after: ClosedBefore.list(in: settings.journalStore))
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
    if stagedCount > 0 { announceBatch() }
    let isKept = output.take(
      UnsafeRawBufferPointer(rebasing: staged[..<(stagedCount * flaggedByteCount)]),
      count: stagedCount)
    if !isKept { noteAbandoned() }
    stagedCount = 0
    stagedEntries.removeAll(keepingCapacity: true)
    // After the journal: an event that the account has as decided is then journaled, or counted as
    // given up.
    enterAccounts()
    closePassed()
    ring.release(upTo: range.upperBound)
    state.noteOutputProgress()
    return true
  }
}

// MARK: - Decide

extension DecideStage {
  func decide(_ range: Range<Int>) {
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
      let stagedBefore = stagedCount
      if note.isEvent { decide(stretch, note.ledgerEntry, decidedNs: decidedNs) }
      if stagedCount > stagedBefore { ledger.entries[note.ledgerEntry].isStaged = true }
      if note.closedEntry == note.ledgerEntry { passed.append((note.ledgerEntry, .endOfRun)) }
      start = stretch.upperBound
    }
  }

  /// Decides events of one run. Those that a sender marked as simulated are few.
  func decide(_ stretch: Range<Int>, _ ledgerEntry: Int, decidedNs: UInt64) {
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
  func simulatedPosition(in stretch: Range<Int>) -> Int {
    let first = UnsafeRawPointer(ring.record(at: stretch.lowerBound))
    return stretch.first { position in
      ring.record(position - stretch.lowerBound, behind: first).flags.contains(.simulated)
    } ?? stretch.upperBound
  }

  /// Counts and times are noted for all events of the stretch at once, since most are not kept.
  func decideMeasured(
    _ stretch: Range<Int>, _ ledgerEntry: Int, in entry: RunLedgerEntry, decidedNs: UInt64
  ) {
    count(stretch, in: entry)
    countShadow(stretch)
    noteTimes(of: stretch, decidedNs: decidedNs)
    let scores = ring.scores(at: stretch.lowerBound)
    let (loosest, quiet) = (rule.loosestThreshold, rule.quietThreshold)
    let isAnyKept = publishesAll || unbiasedPrescale > 0
    let isControlled = control != nil
    for position in stretch {
      let score = scores[position - stretch.lowerBound]
      if isAnyKept || !(score <= loosest && score >= quiet) {
        decide(position, ledgerEntry, in: entry, decidedNs: decidedNs)
      }
      if isControlled, !score.isNaN { noteControl(score: score, position: position) }
    }
  }

  func identity(at position: Int) -> EventIdentity {
    EventIdentity(EventRecordView(ring.record(at: position)))
  }

  /// Decides an event that may be kept.
  func decide(
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
      threshold: rule.threshold(for: decision.reasons, condition: record.condition),
      number: output.nextNumber + UInt64(stagedCount),
      receivedNs: ring.note(at: position).receivedNs, decidedNs: decidedNs,
      weight: decision.weight,
      model: current.origin.model, calibration: current.origin.calibration,
      instance: current.origin.instance,
      backgroundRate: current.rarity.field(of: score, for: decision.reasons))
    stage(header, position: position, record: record)
    stagedEntries.append(ledgerEntry)
  }

  func decision(score: Float, record: EventRecordView, nowNs: UInt64) -> Decision? {
    let isBetween = rule.isBetween(score)
    if isBetween, unbiasedPrescale == 0 { return publishesAll ? .unflagged : nil }
    let hash = PrescaleHash(
      run: record.run, source: record.source, sequence: record.sequence, event: record.event)
    if isBetween, !hash.passes(prescale: unbiasedPrescale) {
      return publishesAll ? .unflagged : nil
    }
    let isSimulated = record.flags.contains(.simulated)
    let row = rule.prescaleRow(of: record)
    if rule.prescales != nil { note(prescaleRow: row, of: record, nowNs: nowNs) }
    let decision = rule.decide(
      score: score, condition: record.condition, hash: hash, floodPrescale: floodPrescale,
      isSimulated: isSimulated, prescaleRow: row)
    // Simulated events make no flood.
    if flood != nil, !isSimulated {
      lastDecided = EventIdentity(record)
      noteFlood(
        decision, record: record, score: score, hash: hash, prescaleRow: row, nowNs: nowNs)
    }
    return decision ?? (publishesAll ? .unflagged : nil)
  }

  func stage(_ header: FlaggedHeader, position: Int, record: EventRecordView) {
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
  func takeUp(_ generation: Int) {
    let before = current
    current = generations.generation(generation)
    hasLoggedGeneration = false
    rowLog = PrescaleRowLog()
    counters.prescaleRow.set(0)
    takeUpControl(after: before)
  }

  func log(_ place: DecisionChange.Place) {
    hasLoggedGeneration = true
    if let table = rule.prescales { decisionLog.tell(of: table, observer: observer) }
    var change = DecisionChange(
      place: place, number: output.nextNumber + UInt64(stagedCount),
      model: current.facts.modelSHA256, calibration: current.facts.calibrationSHA256,
      floodPrescale: floodPrescale, unbiasedPrescale: unbiasedPrescale,
      factors: rule.factors, timeNs: clock.realtimeNs)
    change.prescaleTable = rule.prescales?.identity
    change.prescaleRow = rule.prescales == nil ? nil : rowLog.row
    decisionLog.append(change, observer: observer)
  }
}
