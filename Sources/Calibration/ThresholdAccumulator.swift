/// The largest background scores of any number of events, added in any order and in chunks of any
/// size: thresholds need no other scores. It takes memory for `capacity` floats.
///
/// The state depends only on the set of scores: the merged accumulators of the parts of a run are
/// the accumulator of the run.
package struct ThresholdAccumulator: Sendable {
  /// How many scores are kept.
  package let capacity: Int
  /// The scores seen that take part in ranks; +infinity is one of them.
  package private(set) var scorableCount = 0
  /// The scores seen that were NaN: events that could not be scored. They have no rank.
  package private(set) var notScorableCount = 0
  /// A heap with the smallest kept score at its root.
  private var heap: [Float] = []

  /// An accumulator that keeps the `capacity` largest scores; see `CalibrationPlan` for how many
  /// are needed.
  package init(capacity: Int) {
    precondition(capacity >= 0)
    self.capacity = capacity
  }

  /// The accumulator that has seen `scorableCount` scores and `notScorableCount` NaN. `largest` are the
  /// largest of the scores, `capacity` of them or all, in any order.
  init(capacity: Int, scorableCount: Int, notScorableCount: Int, largest: [Float]) {
    precondition(largest.count == min(capacity, scorableCount) && notScorableCount >= 0)
    self.capacity = capacity
    self.scorableCount = scorableCount
    self.notScorableCount = notScorableCount
    // Sorted upwards, every score is at or above its parent.
    heap = largest.sorted()
  }

  /// Whether all scores that were seen are kept.
  package var keepsAll: Bool { heap.count == scorableCount }
  /// How many scores are kept.
  package var keptCount: Int { heap.count }

  /// Adds scores. O(count), and O(log capacity) more for each that is among the largest so far.
  package mutating func add(_ scores: UnsafeBufferPointer<Float>) {
    for score in scores { add(score) }
  }

  /// Adds a score.
  @inline(__always)
  mutating func add(_ score: Float) {
    if score.isNaN {
      notScorableCount += 1
    } else {
      scorableCount += 1
      // -0 + 0 is +0: equal scores are the same bits, whichever came first.
      keep(score + 0)
    }
  }

  /// Adds all that `other` has seen, which has at least this one's capacity or keeps all.
  package mutating func merge(_ other: ThresholdAccumulator) {
    precondition(other.capacity >= capacity || other.keepsAll, "too few scores were kept")
    scorableCount += other.scorableCount
    notScorableCount += other.notScorableCount
    for score in other.heap { keep(score) }
  }

  /// The kept scores, largest first. O(capacity log capacity).
  package func largest() -> [Float] {
    heap.sorted(by: >)
  }

  private mutating func keep(_ score: Float) {
    if heap.count < capacity {
      // Grown by doubling; the last step must not overshoot the promised bound.
      if heap.count == heap.capacity {
        heap.reserveCapacity(min(capacity, max(1024, 2 * heap.count)))
      }
      heap.append(score)
      siftUp(from: heap.count - 1)
    } else if let smallest = heap.first, score > smallest {
      siftDown(score)
    }
  }

  private mutating func siftUp(from start: Int) {
    let score = heap[start]
    var place = start
    while place > 0 {
      let parent = (place - 1) / 2
      if heap[parent] <= score { break }
      heap[place] = heap[parent]
      place = parent
    }
    heap[place] = score
  }

  /// Replaces the root by `score`.
  private mutating func siftDown(_ score: Float) {
    var place = 0
    var child = 1
    while child < heap.count {
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      if score <= heap[child] { break }
      heap[place] = heap[child]
      place = child
      child = 2 * place + 1
    }
    heap[place] = score
  }
}
