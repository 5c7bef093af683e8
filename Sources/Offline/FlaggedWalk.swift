internal import EventRecords
internal import RunFiles

/// Walks the flagged records of a journal that are of interest, in order, and knows where damaged
/// ones lie between them: each of those may have been any event's.
struct FlaggedWalk {
  private let flagged: RecordedRun
  private let isWanted: (FlaggedRecordView) -> Bool
  private var next = 0
  private var current: FlaggedRecordView?
  /// Damaged records before the current one that were not taken for an event's yet.
  private var damagedBefore = 0
  /// Whether a segment that cannot be read lies before the current one: of any number of records.
  private var isCutBefore = false
  /// Of the gaps that may be lost segments, the indices of those that lie before the current one.
  private(set) var doubtfulBefore: [Int] = []
  /// Damaged records passed so far.
  private(set) var damagedCount = 0
  /// Records taken so far.
  private(set) var takenCount = 0
  private let gaps: JournalGaps

  init(
    _ flagged: RecordedRun, gaps: JournalGaps, isWanted: @escaping (FlaggedRecordView) -> Bool
  ) {
    self.flagged = flagged
    self.gaps = gaps
    self.isWanted = isWanted
  }

  /// The next record, which stays so until `take`; nil at the end.
  mutating func peek() -> FlaggedRecordView? {
    while current == nil, next <= flagged.recordCount {
      if flagged.isUnreadable(before: next) || gaps.certain.contains(next) { isCutBefore = true }
      if gaps.doubtful.contains(next) { doubtfulBefore.append(next) }
      defer { next += 1 }
      guard next < flagged.recordCount else { break }
      if let record = try? flagged.flaggedRecord(at: next) {
        if isWanted(record) { current = record }
      } else {
        damagedBefore += 1
        damagedCount += 1
      }
    }
    return current
  }

  /// Passes the record that `peek` gave: what is damaged before it was no later event's.
  mutating func take() {
    current = nil
    takenCount += 1
    (damagedBefore, isCutBefore) = (0, false)
    doubtfulBefore.removeAll(keepingCapacity: true)
  }

  /// Takes a damaged record before the current one for an event's; false where there is none.
  mutating func takeDamaged() -> Bool {
    if isCutBefore { return true }
    guard damagedBefore > 0 else { return false }
    damagedBefore -= 1
    return true
  }
}
