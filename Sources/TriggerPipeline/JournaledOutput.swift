internal import BoundedNumbers
internal import DurableFiles
internal import EventRecords
internal import RunFiles
internal import StrictJSON

/// Journal and output socket together. Records are first written to the journal and only then
/// published.
///
/// Records that the output does not take now wait in the journal. They wait on disk, take no
/// memory, and go out in order when the output takes records again. One thread owns it.
final class JournaledOutput {
  private let journal: FlaggedJournal
  private let output: any OutputPort
  private let counters: PipelineCounters
  private let state: PipelineState
  private let clock: PipelineClock
  private let observer: any PipelineObserver
  private let featureCount: Int
  private let recordByteCount: Int
  private let fsyncIntervalNs: UInt64
  let flusher: JournalFlusher
  private let upkeep: JournalUpkeep
  private let backlog: UnsafeMutableRawBufferPointer
  private var lastFsyncNs: UInt64
  private var hasUnsynchronised = false
  private var cannotSynchronise = false
  private var cannotReadBack = false
  private var window: DeliveryWindow
  private let repeatCount: UInt64
  /// Damaged records that the journal had among those that are sent again.
  private let damagedCount: UInt64
  private var lastTakenNs: UInt64

  /// How long the end waits for an output that takes nothing.
  private static let patienceNs: UInt64 = 1_000_000_000
  /// How long the end waits to know what has left.
  private static let settlingNs: UInt64 = 100_000_000
  /// How long a synchronisation that failed is waited with.
  private static let retryNs: UInt64 = 1_000_000_000
  /// Records that are read back from the journal at once, and how often in a row.
  private static let backlogRecordCount = 64
  private static let backlogReadsMax = 32

  init(
    journal: FlaggedJournal, output: any OutputPort, counters: PipelineCounters,
    state: PipelineState, observer: any PipelineObserver, settings: PipelineSettings,
    show: JournalState, everySecond: @escaping @Sendable () -> (any Error)? = { nil }
  ) throws {
    upkeep = try JournalUpkeep(
      journal: journal, show: show, observer: observer, settings: settings)
    let store = journal.store
    flusher = JournalFlusher(clock: settings.clock, byHand: settings.flushesByHand) {
      show.note(freeByteCount: store.freeByteCount())
      return everySecond()
    }
    self.journal = journal
    self.output = output
    self.counters = counters
    self.state = state
    clock = settings.clock
    lastFsyncNs = clock.monotonicNs
    lastTakenNs = lastFsyncNs
    self.observer = observer
    featureCount = journal.featureCount
    recordByteCount = FlaggedRecord.byteCount(featureCount: journal.featureCount)
    fsyncIntervalNs = UInt64(settings.fsyncIntervalMs) * 1_000_000
    backlog = .allocate(byteCount: Self.backlogRecordCount * recordByteCount, alignment: 64)
    repeatCount = RepeatWindow.recordCount(settings, recordByteCount: recordByteCount)
    // Receivers may have ended together with the last process, however it ended.
    let count = repeatCount *| UInt64(output.sharingCount)
    let found = try? journal.number(beforeGood: count, upTo: journal.publishedNumber)
    // What cannot be read now may be anything.
    damagedCount = found?.damagedCount ?? count
    window = DeliveryWindow(
      start: journal.number(before: count +| damagedCount, upTo: journal.publishedNumber),
      published: journal.publishedNumber, departureCount: output.departureCount)
    updateWaiting()
  }

  deinit { backlog.deallocate() }

  /// The number that the next record handed over must bear.
  var nextNumber: UInt64 { journal.nextNumber }

  /// Does what is due: subscriptions, the backlog, fsync. Cheap when nothing is due.
  func service() {
    output.serviceSubscriptions()
    counters.subscribers.set(UInt64(output.subscriberCount))
    followUp()
    publishBacklog()
    flusher.start()
    if let outcome = flusher.takeOutcome() { note(outcome) }
    let nowNs = clock.monotonicNs
    do { try upkeep.service(nowNs: nowNs) } catch { noteFailure(error) }
    updateWaiting()
    guard hasUnsynchronised || journal.hasChores, !flusher.isBusy else { return }
    // A disk that fails is not asked again at once: each attempt writes everything that it may have
    // lost.
    let intervalNs = cannotSynchronise ? max(fsyncIntervalNs, Self.retryNs) : fsyncIntervalNs
    if nowNs - lastFsyncNs >= intervalNs { beginSynchronising() }
  }

  /// Whether records wait for the output, those that are to be sent again among them.
  var hasBacklog: Bool { window.sentNumber < journal.lastNumber }

  /// Whether all records have left, the time is up, or no receiver has been there for a while. A
  /// connected receiver that takes nothing is waited for until the deadline.
  var isOver: Bool {
    if state.isPastDeadline || !hasBacklog && output.isDrained { return true }
    return !output.hasReceiver && clock.monotonicNs - lastTakenNs > Self.patienceNs
  }

  /// Closes the journal; its manifest gets the ledgers of the runs and the prescale of the unbiased
  /// sample, which `tamis verify` needs to repeat the decisions.
  func finish(
    ledger reports: [RunLedgerReport], leftOut: UInt64, unbiasedPrescale: UInt32
  ) {
    settle()
    counters.held.set(UInt64(output.heldCount))
    if let error = flusher.end() {
      noteFailure(error)
      state.setEndFailure("the ledgers of runs could not be made durable: \(error)")
    }
    synchronise()
    // What retention had to delete first is gone now.
    settle()
    do {
      try journal.close()
    } catch {
      noteFailure(error)
      state.setEndFailure("the journal could not be closed in order: \(error)")
    }
    writeManifest([
      "ledger": .array(reports.map(\.manifestSection)),
      "ledger_left_out": .integer(leftOut),
      DecisionRule.unbiasedPrescaleKey: .integer(unbiasedPrescale),
    ])
  }

  /// Remembers as published what has left by now: it takes some looks after the receivers to be sure.
  private func settle() {
    let endNs = clock.monotonicNs +| Self.settlingNs
    while true {
      output.serviceSubscriptions()
      followUp()
      if output.isDrained { setPublished(window.sentNumber) }
      let left = output.heldNumber.map { $0 - min($0, 1) } ?? window.sentNumber
      if journal.publishedNumber >= min(left, window.sentNumber) { return }
      if clock.monotonicNs >= endNs { return }
      clock.sleep(ns: Self.settlingNs / 20)
    }
  }

  /// The manifest says in short what the segments say: where it cannot be written nothing is lost.
  private func writeManifest(_ extras: JSONObject) {
    do {
      do {
        try journal.writeManifest(extras: extras)
      } catch {
        upkeep.makeRoom(after: error)
        guard journal.hasChores else { throw error }
        try journal.synchronise()
        try journal.writeManifest(extras: extras)
      }
    } catch {
      observer.journalWarned(
        "manifest.json could not be written (\(error)); nothing is lost, and the next end in order "
          + "writes it")
    }
  }
}

// MARK: - Journal

extension JournaledOutput {
  /// Writes `count` records, trying again while the disk refuses, and then publishes them. Scoring
  /// goes on until the ring is full; then the input waits. Nothing is dropped unless the daemon is
  /// told to end and the disk has refused until the deadline: that is counted as abandoned, and false
  /// is returned.
  func take(_ records: UnsafeRawBufferPointer, count: Int) -> Bool {
    precondition(records.count == count * recordByteCount)
    guard count > 0 else { return true }
    let wasCaughtUp = !hasBacklog
    guard journaled(records) else {
      counters.abandoned.add(UInt64(count))
      return false
    }
    counters.journaled.add(UInt64(count))
    counters.journaledBytes.add(UInt64(records.count))
    hasUnsynchronised = true
    if counters.unsynchronisedSinceNs.value == 0 {
      counters.unsynchronisedSinceNs.set(clock.monotonicNs)
    }
    upkeep.noteNumbers()
    if fsyncIntervalNs == 0 { synchronise() }
    if wasCaughtUp, journal.lastNumber <= publishableNumber { publish(records, count: count) }
    updateWaiting()
    return true
  }

  /// Returns when the records are in the journal; false where the deadline came first.
  private func journaled(_ records: UnsafeRawBufferPointer) -> Bool {
    var hasFailed = false
    while true {
      do {
        try journal.append(records)
        if hasFailed { noteRecovery() }
        return true
      } catch {
        hasFailed = true
        noteFailure(error)
        if state.isPastDeadline { return false }
        // This thread, and in the pipeline of one thread the input's, waits but does not hang.
        state.noteOutputProgress()
        state.noteInputProgress()
        makeRoom(after: error)
        clock.sleep(ns: 100_000_000)
      }
    }
  }

  /// After a failed write: has old segments deleted where the limits allow it, and publishes
  /// waiting records, since published records may be deleted.
  private func makeRoom(after error: any Error) {
    output.serviceSubscriptions()
    followUp()
    publishBacklog()
    if let outcome = flusher.takeOutcome() { note(outcome) }
    upkeep.makeRoom(after: error)
    if journal.hasChores, !flusher.isBusy { beginSynchronising() }
  }

  /// Waits for the disk in another thread.
  private func beginSynchronising() {
    lastFsyncNs = clock.monotonicNs
    do {
      flusher.begin(try journal.synchronisation())
      // Records that are written from now on belong to the next synchronisation.
      hasUnsynchronised = false
    } catch {
      note(.failure(error))
    }
  }

  /// Waits for the disk here.
  private func synchronise() {
    lastFsyncNs = clock.monotonicNs
    do {
      try journal.synchronise()
      hasUnsynchronised = false
      note(.success)
    } catch {
      note(.failure(error))
    }
  }

  private func note(_ outcome: JournalFlusher.Outcome) {
    journal.noteProgress()
    switch outcome {
    case .success:
      if cannotSynchronise { noteRecovery() }
      cannotSynchronise = false
      // Records that were written during the synchronisation are at most as old as its start.
      counters.unsynchronisedSinceNs.set(hasUnsynchronised ? lastFsyncNs : 0)
    case .failure(let error):
      cannotSynchronise = true
      hasUnsynchronised = true
      noteFailure(error)
    }
  }

  /// Counts each failure, and reports each new one.
  private func noteFailure(_ error: any Error) {
    counters.journalFailures.add()
    if state.setStall("journal: \(error)") { observer.journalStalled("\(error)") }
  }

  private func noteRecovery() {
    if state.setStall(nil) { observer.journalRecovered() }
  }
}

// MARK: - Publish

extension JournaledOutput {
  /// Sends records one by one until the output refuses one; returns how many it took.
  @discardableResult
  private func publish(_ records: UnsafeRawBufferPointer, count: Int) -> Int {
    var sent = 0
    while sent < count {
      let start = sent * recordByteCount
      let record = UnsafeRawBufferPointer(rebasing: records[start..<start + recordByteCount])
      guard let base = record.baseAddress else { break }
      let view = FlaggedRecordView(base, featureCount: featureCount)
      let topic = OutputTopic(view.reasons)
      guard output.send(record, topic: topic, number: view.number) else {
        counters.outputBlocked.add()
        break
      }
      if window.noteSent(view.number) {
        counters.repeated.add()
      } else {
        counters.published(topic).add()
      }
      sent += 1
    }
    if sent > 0 { lastTakenNs = clock.monotonicNs }
    return sent
  }

  /// Notes which records have left the output, and which receivers have gone.
  private func followUp() {
    if window.noteDepartures(output.departureCount) { repeatLast() }
    if let number = window.published(
      heldNumber: output.heldNumber, lookCount: output.lookCount,
      before: journal.publishedNumber)
    {
      setPublished(number)
    }
  }

  /// Sends the records again that a receiver may not have got before it went.
  private func repeatLast() {
    let earliest = journal.number(
      before: repeatCount *| UInt64(output.sharingCount) +| damagedCount,
      upTo: journal.publishedNumber)
    let start = max(earliest, output.takeGoneAfter())
    guard start < window.sentNumber else { return }
    output.goBack(to: start)
    observer.recordsRepeat(from: start, count: window.sentNumber - start)
    window.goBack(to: start)
  }

  /// The cursor only saves work after a restart: where it cannot be written, records go out again
  /// and receivers see numbers that they know.
  private func setPublished(_ number: UInt64) {
    guard number > journal.publishedNumber else { return }
    do {
      try journal.setPublished(min(number, journal.lastNumber))
      upkeep.noteNumbers()
    } catch {
      counters.journalFailures.add()
    }
  }

  /// Sends records that wait in the journal, at most some thousand at a time, so that a long
  /// backlog does not delay the decisions on live events.
  private func publishBacklog() {
    guard hasBacklog, output.mayTakeMore else { return }
    let last = publishableNumber
    for _ in 0..<Self.backlogReadsMax where window.sentNumber < last {
      do {
        var count = try journal.read(from: window.sentNumber + 1, into: backlog)
        if cannotReadBack { noteRecovery() }
        cannotReadBack = false
        // The rest of the journal cannot be read back; it stays on disk for `tamis inspect`.
        if count == 0 { _ = window.noteSent(journal.lastNumber) }
        while count > 0, backlogNumber(count - 1) > last { count -= 1 }
        if count == 0 { break }
        if publish(UnsafeRawBufferPointer(backlog), count: count) < count { break }
      } catch {
        cannotReadBack = true
        noteFailure(error)
        break
      }
    }
    updateWaiting()
  }

  /// Records up to this number may go out: with an interval of 0 those that the disk has.
  private var publishableNumber: UInt64 {
    fsyncIntervalNs == 0 ? journal.durableNumber : journal.lastNumber
  }

  private func backlogNumber(_ index: Int) -> UInt64 {
    guard let base = backlog.baseAddress else { return 0 }
    return FlaggedRecordView(base + index * recordByteCount, featureCount: featureCount).number
  }

  private func updateWaiting() {
    // Records that were deleted or left out do not wait, and neither do records that are only sent
    // again.
    counters.waiting.set(
      journal.recordCount(after: max(window.sentNumber, window.highestNumber)))
  }
}
