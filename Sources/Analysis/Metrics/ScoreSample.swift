/// The scores of events of one kind, in ascending order: all that rank metrics need.
///
/// A NaN, the score of an event that cannot be scored, has no place in an order. It is left out and
/// counted. Infinities have one, and equal scores are ties whatever the sign of their zero.
package struct ScoreSample: Equatable, Sendable {
  /// The scores that are no NaN, ascending.
  package let ascending: [Double]
  /// How many were NaN.
  package let notScorableCount: Int

  /// Sorts the scores. O(n log n).
  package init(_ scores: some Sequence<Double>) {
    var kept: [Double] = []
    var notScorableCount = 0
    kept.reserveCapacity(scores.underestimatedCount)
    for score in scores {
      if score.isNaN { notScorableCount += 1 } else { kept.append(score) }
    }
    kept.sort()
    ascending = kept
    self.notScorableCount = notScorableCount
  }

  /// The number of events with a score.
  package var count: Int { ascending.count }

  /// How many scores are below `value`. O(log n).
  package func count(below value: Double) -> Int {
    ascending.partitioningIndex { !($0 < value) }
  }

  /// How many scores are above `value`. O(log n).
  package func count(above value: Double) -> Int {
    ascending.count - ascending.partitioningIndex { $0 > value }
  }
}

extension RandomAccessCollection where Index == Int {
  /// The first index whose element satisfies `predicate`, or `endIndex`; elements that satisfy it
  /// come after those that do not. O(log n).
  func partitioningIndex(where predicate: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = low + (high - low) / 2
      if predicate(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
