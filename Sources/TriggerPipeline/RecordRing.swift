internal import BoundedNumbers
internal import EventRecords
internal import Synchronization
package import WorkerThreads

/// The facts of a record that the ring keeps beside its bytes.
package struct SlotNote: Equatable {
  /// Nanoseconds since the epoch when its message left the socket.
  package let receivedNs: UInt64
  // Small, since every record has a note: of `RunLedgerTable.entryCount` entries, -1 for none.
  private let entry: Int16
  private let closed: Int16
  /// Whether the record is an event; control records pass through to keep their place in order.
  package let isEvent: Bool

  /// The run ledger's entry that the record belongs to.
  package var ledgerEntry: Int { Int(entry) }
  /// The entry whose ledger closes when this record has passed: its own at an end of run, the
  /// source's last one at the first record of a next run, nil otherwise.
  package var closedEntry: Int? { closed < 0 ? nil : Int(closed) }

  /// Creates a note. Traps where an entry's number is not in 0 ... 32,767.
  package init(isEvent: Bool, ledgerEntry: Int, closedEntry: Int?, receivedNs: UInt64) {
    self.isEvent = isEvent
    entry = Int16(ledgerEntry)
    closed = closedEntry.map { Int16($0) } ?? -1
    self.receivedNs = receivedNs
  }

  /// Whether a record with this note may follow one of `other` in a stretch of events of one run.
  @inline(__always)
  fileprivate func continues(_ other: SlotNote) -> Bool {
    isEvent && entry == other.entry && closed < 0
  }
}

/// A ring of record slots through which every record passes in input order. The ingest thread fills
/// slots, workers claim filled slots, and the publish thread takes scored ranges in order and
/// releases them.
///
/// Positions count records since start and never wrap; slot = position modulo capacity. All memory
/// exists from the start. Batches form by themselves: a worker claims the records between `claimed`
/// and `filled`. An idle worker finds one record, a busy one finds many.
///
/// Ownership: slots in filled ..< released + capacity belong to the ingest thread, a
/// claimed range to its worker until it is completed, completed ranges to the publish thread until
/// it releases them. The counters hand ownership over with release and acquire.
///
/// Where one thread does everything it rewinds the ring between two turns, so that the next records
/// lie in slots that the processor's cache still holds.
///
/// `@unchecked` by that rule.
package final class RecordRing: @unchecked Sendable {
  package let capacity: Int
  package let featureCount: Int
  /// Bytes from one slot's record to the next, a multiple of 64.
  package let slotByteCount: Int
  private let records: UnsafeMutableRawPointer
  private let notes: UnsafeMutablePointer<SlotNote>
  /// Number of the generation that decides a record. Atomic, since a worker that loses a claim may look
  /// at a slot that is being filled again.
  private let generations: UnsafeMutablePointer<Atomic<Int>>
  private let scoreStorage: UnsafeMutablePointer<Float>
  private let shadowScoreStorage: UnsafeMutablePointer<Float>
  private let attributionStorage: UnsafeMutablePointer<Float>
  /// At a range's first slot: the position after its last, once it is scored.
  private let rangeEnds: UnsafeMutablePointer<Atomic<Int>>

  /// The position that lies in slot 0. It changes only where one thread does everything.
  private var origin = 0

  private let filled = Atomic<Int>(0)
  private let claimed = Atomic<Int>(0)
  private let released = Atomic<Int>(0)
  /// Signals that records were filled in.
  package let arrivals = EventCount()
  /// Signals that a range was scored.
  package let completions = EventCount()
  /// Signals that slots became free.
  package let releases = EventCount()

  /// Creates a ring of at least `capacity` slots (rounded up to a power of two).
  package init(capacity: Int, featureCount: Int, recordByteCount: Int) {
    precondition(capacity >= 1)
    var rounded = 1
    while rounded < capacity { rounded *= 2 }
    self.capacity = rounded
    self.featureCount = featureCount
    slotByteCount = (recordByteCount + 63) / 64 * 64
    records = .allocate(byteCount: rounded * slotByteCount, alignment: 64)
    records.initializeMemory(as: UInt8.self, repeating: 0, count: rounded * slotByteCount)
    notes = .allocate(capacity: rounded)
    notes.initialize(
      repeating: SlotNote(isEvent: false, ledgerEntry: 0, closedEntry: nil, receivedNs: 0),
      count: rounded)
    generations = .allocate(capacity: rounded)
    for slot in 0..<rounded { (generations + slot).initialize(to: Atomic(0)) }
    scoreStorage = .allocate(capacity: rounded)
    scoreStorage.initialize(repeating: 0, count: rounded)
    shadowScoreStorage = .allocate(capacity: rounded)
    shadowScoreStorage.initialize(repeating: 0, count: rounded)
    attributionStorage = .allocate(capacity: rounded * featureCount)
    attributionStorage.initialize(repeating: 0, count: rounded * featureCount)
    rangeEnds = .allocate(capacity: rounded)
    for slot in 0..<rounded { (rangeEnds + slot).initialize(to: Atomic(0)) }
  }

  /// The approximate memory of a ring for `capacity` records, for any number.
  package static func byteCount(capacity: Int, featureCount: Int) -> Int {
    let slot = EventRecord.byteCount(featureCount: featureCount) + 128
    // The capacity is rounded up to a power of two.
    return 2 *| capacity *| (slot + featureCount * MemoryLayout<Float>.stride)
  }

  deinit {
    records.deallocate()
    notes.deallocate()
    generations.deinitialize(count: capacity).deallocate()
    scoreStorage.deallocate()
    shadowScoreStorage.deallocate()
    attributionStorage.deallocate()
    rangeEnds.deinitialize(count: capacity).deallocate()
  }

  package func record(at position: Int) -> UnsafeMutableRawPointer {
    records + slot(position) * slotByteCount
  }

  package func note(at position: Int) -> SlotNote { notes[slot(position)] }

  /// The notes from that at `position` on; those of a claimed range lie one after another, as its
  /// records, scores and attributions do.
  func notes(at position: Int) -> UnsafePointer<SlotNote> { UnsafePointer(notes + slot(position)) }

  /// The record that lies `count` behind `record`, in the same claimed range.
  @inline(__always)
  func record(_ count: Int, behind record: UnsafeRawPointer) -> EventRecordView {
    EventRecordView(record + count * slotByteCount)
  }

  /// Number of the generation that decides the record at `position`; it never falls from one record to
  /// the next.
  package func generation(at position: Int) -> Int {
    generations[slot(position)].load(ordering: .relaxed)
  }

  package func score(at position: Int) -> Float { scoreStorage[slot(position)] }

  package func scores(at position: Int) -> UnsafeMutablePointer<Float> {
    scoreStorage + slot(position)
  }

  /// The shadow's scores, where there is one.
  package func shadowScores(at position: Int) -> UnsafeMutablePointer<Float> {
    shadowScoreStorage + slot(position)
  }

  package func attributions(at position: Int) -> UnsafeMutablePointer<Float> {
    attributionStorage + slot(position) * featureCount
  }

  private func slot(_ position: Int) -> Int { (position &- origin) & (capacity - 1) }
}

// MARK: - The ingest thread's side

extension RecordRing {
  /// Where the next record goes, or nil while the ring is full.
  package func nextFreePosition() -> Int? {
    let position = filled.load(ordering: .relaxed)
    return position - released.load(ordering: .acquiring) < capacity ? position : nil
  }

  /// The position after the last record that was filled in.
  package var filledPosition: Int { filled.load(ordering: .relaxed) }

  /// Makes the record at `position` visible to the workers; `announceArrivals` wakes them.
  package func fill(_ position: Int, note: SlotNote, generation: Int = 1) {
    notes[slot(position)] = note
    generations[slot(position)].store(generation, ordering: .relaxed)
    filled.store(position + 1, ordering: .releasing)
  }

  /// Wakes workers that sleep. Once per message, not per record.
  package func announceArrivals() { arrivals.signal() }
}

// MARK: - The workers' side

extension RecordRing {
  /// Takes the oldest unclaimed records: at most `batchMax`, a fair share among `workers`, of one
  /// generation, and not across the ring's end, so that they lie one after another. Nil where
  /// nothing waits.
  package func claim(batchMax: Int, workers: Int) -> Range<Int>? {
    while true {
      let start = claimed.load(ordering: .relaxed)
      let available = filled.load(ordering: .acquiring) - start
      if available <= 0 { return nil }
      let share = workers > 1 ? max(16, available / workers) : available
      let count = uniformCount(from: start, min(available, batchMax, share, capacity - slot(start)))
      let exchange = claimed.compareExchange(
        expected: start, desired: start + count, ordering: .acquiringAndReleasing)
      if exchange.exchanged { return start..<start + count }
    }
  }

  /// How many of `count` records are of the first one's generation. Generation numbers never fall:
  /// except at a switch a look at the last record is enough. Where another worker has claimed
  /// `start` meanwhile the slots may hold newer records; the claim then fails, and the result here
  /// does not matter.
  private func uniformCount(from start: Int, _ count: Int) -> Int {
    let first = generation(at: start)
    if generation(at: start + count - 1) == first { return count }
    var uniform = 1
    while uniform < count, generation(at: start + uniform) == first { uniform += 1 }
    return uniform
  }

  /// Hands a scored range to the publish thread.
  package func complete(_ range: Range<Int>) {
    rangeEnds[slot(range.lowerBound)].store(range.upperBound, ordering: .releasing)
    completions.signal()
  }

  /// Records that wait for a worker.
  package var unclaimedCount: Int {
    max(0, filled.load(ordering: .relaxed) - claimed.load(ordering: .relaxed))
  }
}

// MARK: - The publish thread's side

extension RecordRing {
  /// The next range in input order, if it is scored.
  package func nextCompletedRange() -> Range<Int>? {
    let start = released.load(ordering: .relaxed)
    let end = rangeEnds[slot(start)].load(ordering: .acquiring)
    return end > start ? start..<end : nil
  }

  /// The longest stretch of events of one run that begins at `start`, where `end` ends a range: a
  /// control record is a stretch of its own.
  package func stretch(from start: Int, upTo end: Int) -> Range<Int> {
    let notes = self.notes(at: start)
    var length = 1
    if notes[0].isEvent {
      while length < end - start, notes[length].continues(notes[0]) { length += 1 }
    }
    return start..<start + length
  }

  /// Gives the slots before `position` back to the ingest thread.
  package func release(upTo position: Int) {
    released.store(position, ordering: .releasing)
    releases.signal()
  }

  /// The position before which all records have been released.
  package var releasedPosition: Int { released.load(ordering: .acquiring) }

  /// Records anywhere in the ring.
  package var occupiedCount: Int {
    max(0, filled.load(ordering: .relaxed) - released.load(ordering: .relaxed))
  }

  /// Puts the next record into the first slot where the ring is empty. For the pipeline of one
  /// thread, on this thread alone: any other could be looking for its slot.
  package func rewind() {
    guard isEmpty else { return }
    // The end of the range that was last in the first slot lies before the next record.
    origin = filled.load(ordering: .relaxed)
  }

  /// Whether all filled slots have been released.
  package var isEmpty: Bool {
    released.load(ordering: .acquiring) == filled.load(ordering: .acquiring)
  }
}
