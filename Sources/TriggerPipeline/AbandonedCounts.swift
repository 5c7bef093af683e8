internal import BoundedNumbers
internal import EventRecords

/// Records that were to be kept and were given up: they could not be journaled before the end. Each
/// counts once, under the first of the reasons that holds.
package struct AbandonedCounts: Equatable, Sendable {
  /// Events above a threshold, or below one of the low side.
  package var aboveThreshold: UInt64 = 0
  /// Events that could not be scored.
  package var notScorable: UInt64 = 0
  /// Events of the unbiased sample alone.
  package var unbiased: UInt64 = 0
  /// Events that nothing keeps, of a daemon that publishes all.
  package var unflagged: UInt64 = 0

  /// None.
  package init() {}

  /// All of them.
  package var total: UInt64 {
    [aboveThreshold, notScorable, unbiased, unflagged].saturatingSum
  }

  /// By the names that `ledger.jsonl` has, those that are not 0.
  package var byName: [(name: String, count: UInt64)] {
    Self.fields.map { ($0.name, self[keyPath: $0.field]) }.filter { $0.count > 0 }
  }

  /// Counts a record that was to be kept for `reasons`.
  mutating func add(_ reasons: FlagReasons) {
    if reasons.isFired {
      aboveThreshold +|= 1
    } else if reasons.contains(.notScorable) {
      notScorable +|= 1
    } else if reasons.contains(.unbiased) {
      unbiased +|= 1
    } else {
      unflagged +|= 1
    }
  }

  /// Adds others.
  package mutating func add(_ other: Self) {
    for (_, field) in Self.fields { self[keyPath: field] +|= other[keyPath: field] }
  }

  /// Sets the count of a name; one that is not known, such as a later version's, is left out.
  package mutating func set(_ name: String, _ count: UInt64) {
    guard let field = Self.fields.first(where: { $0.name == name })?.field else { return }
    self[keyPath: field] = count
  }

  private static var fields: [(name: String, field: WritableKeyPath<Self, UInt64>)] {
    [
      ("above_threshold", \.aboveThreshold), ("not_scorable", \.notScorable),
      ("unbiased", \.unbiased), ("unflagged", \.unflagged),
    ]
  }

  /// Words of a saved value.
  static let wordCount = 4

  /// Writes the counts to four words. Allocates nothing.
  func save(to words: UnsafeMutablePointer<UInt64>) {
    (words[0], words[1], words[2], words[3]) = (aboveThreshold, notScorable, unbiased, unflagged)
  }

  /// Reads what `save` wrote.
  init(savedAt words: UnsafePointer<UInt64>) {
    (aboveThreshold, notScorable) = (words[0], words[1])
    (unbiased, unflagged) = (words[2], words[3])
  }
}
