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

  /// First and last number of each segment, the newest first.
  private var partsFromTheEnd: [(firstNumber: UInt64, lastNumber: UInt64)] {
    var parts: [(firstNumber: UInt64, lastNumber: UInt64)] = []
    if openByteCount > 0 { parts.append((currentFirstNumber, lastNumber)) }
    parts += closings.reversed().map { ($0.segment.firstNumber, $0.segment.lastNumber) }
    parts += segments.reversed().map { ($0.firstNumber, $0.lastNumber) }
    return parts
  }
}
