internal import BoundedNumbers
internal import EventRecords

extension FlaggedJournal {
  /// The number before the last `count` records with numbers up to `number`; 0 where the journal
  /// has fewer records. It counts records, since numbers may jump from one segment to the next.
  /// O(segments).
  public func number(before count: UInt64, upTo number: UInt64) -> UInt64 {
    var missing = count
    if missing == 0 { return number }
    for part in partsFromTheEnd where part.firstNumber <= number {
      let last = min(part.lastNumber, number)
      let held = last - part.firstNumber + 1
      if held >= missing { return last - missing }
      missing -= held
    }
    return 0
  }

  /// The same for `count` good records: a power failure may leave holes in a segment. Reads all of them.
  /// - Returns: the number, and the count of damaged records after it, up to `number`.
  /// - Throws: `SystemCallError`.
  public func number(
    beforeGood count: UInt64, upTo number: UInt64
  ) throws -> (number: UInt64, damagedCount: UInt64) {
    let counted = (unreadableRecordCount, unreadableNumber)
    defer { (unreadableRecordCount, unreadableNumber) = counted }
    var damagedCount: UInt64 = 0
    while true {
      let start = self.number(before: count +| damagedCount, upTo: number)
      let held = recordCount(after: start) -| recordCount(after: number)
      let found = held -| (try goodCount(after: start, through: number))
      if found <= damagedCount { return (start, damagedCount) }
      damagedCount = found
    }
  }

  private func goodCount(after start: UInt64, through last: UInt64) throws -> UInt64 {
    let piece = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(1, (1 << 20) / recordByteCount) * recordByteCount, alignment: 64)
    defer { piece.deallocate() }
    guard let base = UnsafeRawPointer(piece.baseAddress) else { return 0 }
    var (good, next): (UInt64, UInt64) = (0, start + 1)
    while next <= last {
      let count = try read(from: next, into: piece)
      if count == 0 { break }
      for index in 0..<count {
        next = FlaggedRecordView(base + index * recordByteCount, featureCount: featureCount).number
        if next <= last { good += 1 }
      }
      next += 1
    }
    return good
  }

  /// First and last number of each segment, the newest first.
  private var partsFromTheEnd: [(firstNumber: UInt64, lastNumber: UInt64)] {
    var parts: [(firstNumber: UInt64, lastNumber: UInt64)] = []
    if openByteCount > 0 { parts.append((currentFirstNumber, lastNumber)) }
    parts += closings.reversed().map { ($0.segment.firstNumber, $0.segment.lastNumber) }
    parts += segments.reversed().map { ($0.firstNumber, $0.lastNumber) }
    return parts
  }
}
