internal import DurableFiles
internal import EventRecords
internal import Glibc

extension FlaggedJournal {
  /// Reads the records from `number` on, in order, as many as there are and as fit. Returns their
  /// count; 0 means that there are none. Numbers that the journal no longer has are skipped, and so
  /// are records whose checksum is wrong (`unreadableRecordCount`): look at the numbers. Traps
  /// where one record does not fit.
  public func read(from number: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    precondition(buffer.count >= recordByteCount, "no room for one record")
    let fitting = buffer.count / recordByteCount
    var (number, count) = (number, 0)
    while count < fitting, let part = segment(holding: number) {
      number = max(number, part.firstNumber)
      let wanted = min(fitting - count, Int(part.lastNumber - number) + 1)
      let start = count * recordByteCount
      let room = UnsafeMutableRawBufferPointer(
        rebasing: buffer[start..<(start + wanted * recordByteCount)])
      let offset = Int(number - part.firstNumber) * recordByteCount
      guard let byteCount = try read(part, into: room, at: offset) else {
        number = part.lastNumber + 1
        continue
      }
      let found = byteCount / recordByteCount
      let whole = UnsafeMutableRawBufferPointer(rebasing: room[..<(found * recordByteCount)])
      count += whole.compactRecords(byteCount: recordByteCount) { record, index in
        let numberHere = number + UInt64(index)
        if RunKind.isGoodFlagged(record, number: numberHere, featureCount: featureCount) {
          return true
        }
        countUnreadable(numberHere..<numberHere + 1)
        return false
      }
      // Numbers behind the end of the file: another program has cut it.
      countUnreadable(number + UInt64(found)..<number + UInt64(wanted))
      number += UInt64(wanted)
    }
    return count
  }

  /// Counts records that are left out, each once: they are read again while the output is full, and
  /// when a receiver goes.
  private func countUnreadable(_ numbers: Range<UInt64>) {
    let first = max(numbers.lowerBound, unreadableNumber + 1)
    guard first < numbers.upperBound else { return }
    unreadableRecordCount += Int(numbers.upperBound - first)
    unreadableNumber = numbers.upperBound - 1
  }

  /// The first segment that holds `number` or a later one. O(log segments).
  private func segment(holding number: UInt64) -> JournalSegment? {
    let index = segments.firstIndex(notBefore: number)
    if index < segments.count { return segments[index] }
    if let closing = closings.first(where: { $0.segment.lastNumber >= number }) {
      return closing.segment
    }
    guard openByteCount > 0, lastNumber >= number else { return nil }
    return JournalSegment(
      name: SegmentName(index: lastSegmentIndex, kind: .flagged, isOpen: true),
      firstNumber: currentFirstNumber, recordCount: openByteCount / recordByteCount,
      byteCount: openByteCount, writtenS: 0)
  }

  /// The bytes read; nil where somebody has taken the segment out of the folder.
  private func read(
    _ part: JournalSegment, into room: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(SystemCallError) -> Int? {
    if let closing = closings.first(where: { $0.segment.name == part.name }) {
      return try closing.file.read(into: room, at: offset)
    }
    if part.name.isOpen { return try current?.file.read(into: room, at: offset) ?? 0 }
    do {
      return try store.open(part.name.description, .reading).read(into: room, at: offset)
    } catch {
      guard error.code == ENOENT else { throw error }
      forgetMovedAway(part.name)
      return nil
    }
  }

  /// Forgets a closed segment whose file is gone.
  func forgetMovedAway(_ name: SegmentName) {
    guard let index = segments.firstIndex(where: { $0.name == name }) else { return }
    let segment = segments.remove(at: index)
    closedByteCount -= segment.byteCount
    movedAwaySegmentCount += 1
    segments.countRecords()
    forget([segment])
  }

  /// The count of records in the journal with numbers above `number`. It may be less than the
  /// difference of numbers, since numbers may be left out. O(log segments).
  public func recordCount(after number: UInt64) -> UInt64 {
    guard number < lastNumber else { return 0 }
    var count: UInt64 = 0
    if openByteCount > 0 { count += lastNumber - max(number, currentFirstNumber - 1) }
    for closing in closings where closing.segment.lastNumber > number {
      count += closing.segment.lastNumber - max(number, closing.segment.firstNumber - 1)
    }
    let index = segments.firstIndex(notBefore: number + 1)
    guard index < segments.count, let last = segments.last else { return count }
    let from = segments[index]
    let passed = number >= from.firstNumber ? number - from.firstNumber + 1 : 0
    return count + UInt64(last.recordsBefore + last.recordCount - from.recordsBefore) - passed
  }
}

extension [JournalSegment] {
  /// Counts the records before each segment.
  mutating func countRecords() {
    var sum = 0
    for index in indices {
      self[index].recordsBefore = sum
      sum += self[index].recordCount
    }
  }

  /// The index of the first segment, of ascending ones, whose last number is `number` or higher;
  /// `count` where there is none. O(log n).
  func firstIndex(notBefore number: UInt64) -> Int {
    indices.partitionPoint { self[$0].lastNumber < number }
  }
}
