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

  /// Counts a score that is not NaN. The writing thread alone may call it; O(1).
  func record(_ score: Float) {
    let cell = min(max(ScoreHistogram.bin(of: score), -1), ScoreHistogram.binCount) + 1
    let count = counts[cell].load(ordering: .relaxed)
    counts[cell].store(count &+ 1, ordering: .relaxed)
  }

  /// The counts of the bins, without those below the first and above the last.
  package var binCounts: [UInt64] {
    (1...ScoreHistogram.binCount).map { counts[$0].load(ordering: .relaxed) }
  }
}
