internal import Calibration
internal import Synchronization

/// Counts of scores in the bins of a calibration's `ScoreHistogram`, so that the stream and its
/// background are compared bin by bin. Written by one thread and read by any.
package final class ScoreBins: @unchecked Sendable {
  // Unchecked: the memory is atomic counters, and it lives as long as the object.
  private let counts: UnsafeMutablePointer<Atomic<UInt64>>

  /// The bins of `ScoreHistogram`, with one more in front and one more behind.
  private static let cellCount = ScoreHistogram.binCount + 2

  /// All at zero.
  package init() {
    counts = .allocate(capacity: Self.cellCount)
    for cell in 0..<Self.cellCount { (counts + cell).initialize(to: Atomic(0)) }
  }

  deinit { counts.deinitialize(count: Self.cellCount).deallocate() }

  /// Counts scores, and leaves out those that are NaN. The writing thread alone may call it;
  /// O(`count`).
  func record(_ scores: UnsafePointer<Float>, count: Int) {
    for index in 0..<count where !scores[index].isNaN {
      let bin = ScoreHistogram.bin(of: scores[index])
      let cell = min(max(bin, -1), ScoreHistogram.binCount) + 1
      let before = counts[cell].load(ordering: .relaxed)
      counts[cell].store(before &+ 1, ordering: .relaxed)
    }
  }

  /// The counts of the bins, without those below the first and above the last.
  package var binCounts: [UInt64] {
    (1...ScoreHistogram.binCount).map { counts[$0].load(ordering: .relaxed) }
  }
}
