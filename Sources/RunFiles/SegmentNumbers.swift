/// The numbers of a segment's good records, which follow one another without a gap.
struct SegmentNumbers {
  /// A record whose number does not follow those before it.
  struct Jump {
    var segment: String
    /// Its index in the segment.
    var record: Int
    var found: UInt64
    /// The number that its place says, by the last good record before it.
    var expected: UInt64
    /// Damaged records right before it, whose numbers nobody knows.
    var damagedCount: Int

    /// Records that somebody has cut out before it.
    var missingCount: UInt64 { found > expected ? found - expected : 0 }

    /// In words.
    var description: String {
      guard found > expected else {
        return "record \(record) of \(segment) has number \(found), expected \(expected)"
      }
      let first = expected - UInt64(damagedCount)
      return (damagedCount > 0 ? "\(missingCount) of the " : "")
        + "numbers \(first) to \(found - 1) are missing inside \(segment), before its record \(record)"
    }
  }

  private let segment: String
  private var last: (record: Int, number: UInt64)?

  /// - Parameter segment: its name.
  init(_ segment: String) { self.segment = segment }

  /// Takes the next good record; returns how it does not follow, nil where it does.
  mutating func jump(to number: UInt64, at record: Int) -> Jump? {
    defer { last = (record, number) }
    guard let last else { return nil }
    let step = record - last.record
    let (expected, isBeyond) = last.number.addingReportingOverflow(UInt64(step))
    guard !isBeyond, number != expected else { return nil }
    return Jump(
      segment: segment, record: record, found: number, expected: expected, damagedCount: step - 1)
  }
}
