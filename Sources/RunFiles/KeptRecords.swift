/// The records of a journal that are not known to be on the disk, in memory that is allocated once:
/// after a failed synchronisation they are written again from here. One thread owns it.
final class KeptRecords {
  private let recordByteCount: Int
  private var memory: UnsafeMutableRawBufferPointer
  private var capacity: Int
  /// The slot of the oldest record.
  private var head = 0
  private(set) var count = 0
  /// The number of the oldest record; each that follows is one more.
  private(set) var firstNumber: UInt64 = 0

  init(byteCountMax: Int, recordByteCount: Int) {
    self.recordByteCount = recordByteCount
    capacity = max(1, byteCountMax / recordByteCount)
    memory = .allocate(byteCount: capacity * recordByteCount, alignment: 64)
  }

  deinit { memory.deallocate() }

  /// Whether `more` records can be kept, too.
  func hasRoom(for more: Int) -> Bool { capacity - count >= more }

  /// Makes room for `more` at once. Only while nothing is kept.
  func grow(to more: Int) {
    precondition(count == 0)
    guard more > capacity else { return }
    memory.deallocate()
    capacity = more
    memory = .allocate(byteCount: capacity * recordByteCount, alignment: 64)
  }

  /// Keeps whole records that follow those that are kept. O(bytes).
  func keep(_ records: UnsafeRawBufferPointer, firstNumber number: UInt64) {
    let more = records.count / recordByteCount
    precondition(hasRoom(for: more))
    if count == 0 {
      // Begins at the front again: little memory is used while the disk keeps up.
      (head, firstNumber) = (0, number)
    }
    precondition(number == firstNumber + UInt64(count), "records must follow one another")
    let slot = (head + count) % capacity
    let untilEnd = min(more, capacity - slot) * recordByteCount
    copy(records[..<untilEnd], to: slot)
    copy(records[untilEnd...], to: 0)
    count += more
  }

  private func copy(_ part: Slice<UnsafeRawBufferPointer>, to slot: Int) {
    guard !part.isEmpty else { return }
    UnsafeMutableRawBufferPointer(rebasing: memory[(slot * recordByteCount)...])
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
  }

  /// Forgets the records up to and with `number`.
  func release(through number: UInt64) {
    guard count > 0, number >= firstNumber else { return }
    let gone = Int(min(UInt64(count), number - firstNumber + 1))
    head = (head + gone) % capacity
    count -= gone
    firstNumber += UInt64(gone)
  }

  /// Shows the kept records from `number` on, `wanted` of them, in one or two pieces.
  func forEachPiece<Failure: Error>(
    from number: UInt64, count wanted: Int,
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    // A file may fail when all of it is on the disk: none of its records is kept, and none is needed.
    if wanted == 0 { return }
    precondition(number >= firstNumber && Int(number - firstNumber) + wanted <= count)
    var (slot, rest) = ((head + Int(number - firstNumber)) % capacity, wanted)
    while rest > 0 {
      let piece = min(rest, capacity - slot)
      let start = slot * recordByteCount
      try body(
        UnsafeRawBufferPointer(rebasing: memory[start..<start + piece * recordByteCount]))
      slot = 0
      rest -= piece
    }
  }
}
