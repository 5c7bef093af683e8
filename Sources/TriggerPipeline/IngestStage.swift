internal import EventRecords
internal import WorkerThreads

/// The thread that owns the input: takes messages, checks their records, keeps the sequence
/// ledger, and puts the good ones into the ring. No message can stop it: a bad record is
/// counted under its reason and its neighbours are taken.
///
/// `@unchecked`: its state belongs to the ingest thread alone.
final class IngestStage: @unchecked Sendable {
  private let input: any InputPort
  private let ring: RecordRing
  private let generations: GenerationTable
  /// The generation that records are marked with.
  private var generation: Int
  private let ledger: RunLedgerTable
  private let counters: PipelineCounters
  private let state: PipelineState
  private let clock: PipelineClock
  private let featureCount: Int
  private let schema: UInt32
  private let recordByteCount: Int
  /// Makes room in the ring, in the pipeline of one thread.
  var whileFull: (() -> Void)?

  /// How long input is still read while draining: a sender that never pauses must not keep the
  /// daemon alive.
  private static let drainingReadNsMax: UInt64 = 1_000_000_000

  init(
    input: any InputPort, ring: RecordRing, generations: GenerationTable, ledger: RunLedgerTable,
    schema: UInt32, batchMax: Int,
    counters: PipelineCounters, state: PipelineState, clock: PipelineClock
  ) {
    recordsPerTurnMax = batchMax
    self.input = input
    self.ring = ring
    self.generations = generations
    generation = generations.latest.number
    self.ledger = ledger
    self.counters = counters
    self.state = state
    self.clock = clock
    self.schema = schema
    featureCount = ring.featureCount
    recordByteCount = EventRecord.byteCount(featureCount: ring.featureCount)
  }

  /// Records after which the clock is read again, where messages wait one behind the other.
  private static let recordsPerReading = 16
  private var isClockOld = true
  private var nextReadingPosition = 0
  /// When the message left the socket.
  private var receivedNs: UInt64 = 0
  /// Records after which a turn of the pipeline of one thread ends.
  private let recordsPerTurnMax: Int

  /// Takes messages until the pipeline drains and the input is empty. In the pipeline of one
  /// thread `afterEachTurn` scores and publishes the events of a turn, and `whileFull` does so
  /// when the ring has no room for the rest of a message.
  func run(
    waitMs: Int = 50, whileFull: (() -> Void)? = nil, afterEachTurn: (() -> Void)? = nil
  ) {
    self.whileFull = whileFull
    defer { self.whileFull = nil }
    var drainingSinceNs: UInt64?
    while true {
      let took = turn(
        messagesMax: 256, recordsMax: afterEachTurn == nil ? .max : recordsPerTurnMax,
        waitMs: waitMs)
      afterEachTurn?()
      guard state.isDraining else { continue }
      let now = clock.monotonicNs
      let since = drainingSinceNs ?? now
      drainingSinceNs = since
      if !took || now - since > Self.drainingReadNsMax || state.isPastDeadline { break }
    }
    state.endInput()
    ring.announceArrivals()
  }

  /// Once around the loop.
  func turn(messagesMax: Int, recordsMax: Int = .max, waitMs: Int) -> Bool {
    state.noteInputProgress()
    // Also while no records come: the thread that has installed a new generation waits for this.
    generation = generations.adopt(current: generation, position: ring.filledPosition)
    ledger.position = ring.filledPosition
    ledger.beginTurn()
    return step(messagesMax: messagesMax, recordsMax: recordsMax, waitMs: waitMs)
  }

  /// Takes up to `messagesMax` messages, and no more after `recordsMax` records, waiting for the first
  /// at most `waitMs`; returns whether there was one.
  private func step(messagesMax: Int, recordsMax: Int, waitMs: Int) -> Bool {
    let start = ring.filledPosition
    var taken = 0
    isClockOld = true
    defer { ledger.settle() }
    while taken < messagesMax, ring.filledPosition - start < recordsMax {
      switch input.receive() {
      case .message(let message):
        counters.messages.addSaturated(1)
        readClock()
        take(message, receivedNs: receivedNs)
        // In the pipeline of one thread no other thread waits.
        if whileFull == nil { ring.announceArrivals() }
      case .refused(let reason):
        counters.messages.addSaturated(1)
        refuse(reason)
      case .nothing:
        if taken > 0 || !input.wait(timeoutMs: waitMs) { return taken > 0 }
        continue
      }
      taken += 1
    }
    return true
  }

  /// Small messages that wait one behind the other leave the socket within a few microseconds.
  private func readClock() {
    guard isClockOld || ring.filledPosition >= nextReadingPosition else { return }
    receivedNs = clock.realtimeNs
    isClockOld = false
    nextReadingPosition = ring.filledPosition + Self.recordsPerReading
  }

  private func take(_ message: UnsafeRawBufferPointer, receivedNs: UInt64) {
    var walker = MessageWalker(bytes: message, featureCount: featureCount, schema: schema)
    while let found = walker.next() {
      switch found {
      case .record(let record): take(record, receivedNs: receivedNs)
      case .refused(let reason): refuse(reason, record: walker.refusedRecord)
      }
    }
    // In the pipeline of one thread the ledger is not read before the turn is over.
    if whileFull == nil { ledger.settle() }
  }

  @inline(__always)
  private func take(_ record: EventRecordView, receivedNs: UInt64) {
    if let entry = ledger.placeFollower(record) {
      put(
        record,
        SlotNote(isEvent: true, ledgerEntry: entry, closedEntry: nil, receivedNs: receivedNs))
    } else {
      place(record, receivedNs: receivedNs)
    }
  }

  @inline(never)
  private func place(_ record: EventRecordView, receivedNs: UInt64) {
    let isEvent = record.isEvent
    let entry: Int
    let closedEntry: Int?
    ledger.position = ring.filledPosition
    switch placed(record, isEvent: isEvent) {
    case .refused(let reason):
      counters.rejected(reason).add()
      return
    case .wait:
      return refuse(.sourceLimit)
    case .accepted(let placedEntry, let placedClosing):
      entry = placedEntry
      closedEntry = placedClosing
    }
    if !isEvent, let kind = record.kind { counters.control(kind).add() }
    put(
      record,
      SlotNote(
        isEvent: isEvent, ledgerEntry: entry, closedEntry: closedEntry, receivedNs: receivedNs))
  }

  @inline(__always)
  private func put(_ record: EventRecordView, _ note: SlotNote) {
    let position = ring.nextFreePosition() ?? waitForFreePosition()
    ring.record(at: position).copyMemory(from: record.base, byteCount: recordByteCount)
    generation = generations.adopt(current: generation, position: position)
    ring.fill(position, note: note, generation: generation)
  }

  /// The record's place. Where all entries of the run table are being closed, the input waits for
  /// one as it waits for a slot. After the deadline of the end it waits no longer.
  private func placed(_ record: EventRecordView, isEvent: Bool) -> RunLedgerTable.Placement {
    while true {
      let seen = ring.releases.value
      let placement = ledger.place(record, isEvent: isEvent)
      if placement != .wait || state.isPastDeadline { return placement }
      ring.announceArrivals()
      state.noteInputProgress()
      waitForRelease(since: seen)
    }
  }

  /// Counts a record that cannot be placed. A record with a right checksum is counted for the run
  /// and source that it states, any other for the unknown source.
  private func refuse(_ reason: RecordRejection, record: EventRecordView? = nil) {
    ledger.noteRefused(reason, record: record)
    counters.rejected(reason).add()
  }

  private func waitForRelease(since seen: UInt32) {
    isClockOld = true
    if let whileFull {
      ledger.settle()
      whileFull()
    } else {
      ring.releases.wait(while: seen, timeoutNs: 50_000_000, spins: 200)
    }
  }

  /// The next free slot. While there is none the input waits. The waiting time is counted as it
  /// passes, so that an endless wait shows, too.
  @inline(never)
  private func waitForFreePosition() -> Int {
    ring.announceArrivals()
    var countedNs = clock.monotonicNs
    while true {
      state.noteInputProgress()
      let seen = ring.releases.value
      let nowNs = clock.monotonicNs
      counters.inputBlockedNs.add(nowNs - countedNs)
      countedNs = nowNs
      if let position = ring.nextFreePosition() { return position }
      waitForRelease(since: seen)
    }
  }
}
