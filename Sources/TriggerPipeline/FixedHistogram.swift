internal import Synchronization

/// A histogram with bounds fixed at creation, written by one thread and read by any.
///
/// `@unchecked`: the counts are atomic; the pointer to them is constant.
package final class FixedHistogram: @unchecked Sendable {
  /// Inclusive upper bounds, ascending. One more bucket counts the values above the last bound.
  package let upperBounds: [Double]
  private let counts: UnsafeMutablePointer<Atomic<UInt64>>
  private let sumBits = Atomic<UInt64>(0)

  /// Creates an empty histogram.
  package init(upperBounds: [Double]) {
    precondition(zip(upperBounds, upperBounds.dropFirst()).allSatisfy { $0 < $1 })
    self.upperBounds = upperBounds
    counts = .allocate(capacity: upperBounds.count + 1)
    for bucket in 0...upperBounds.count { (counts + bucket).initialize(to: Atomic(0)) }
  }

  deinit { counts.deinitialize(count: upperBounds.count + 1).deallocate() }

  /// The largest value that is added to the sum; more counts as this, in the last bucket.
  package static let valueMax = Double(Float.greatestFiniteMagnitude)

  /// Counts `value`, which is a number, `weight` times. O(log buckets); the writing thread alone may
  /// call it.
  package func record(_ value: Double, weight: UInt64 = 1) {
    counts[bucket(of: value)].wrappingAdd(weight, ordering: .relaxed)
    let part = min(max(value, -Self.valueMax), Self.valueMax) * Double(weight)
    let sum = Double(bitPattern: sumBits.load(ordering: .relaxed)) + part
    sumBits.store(sum.bitPattern, ordering: .relaxed)
  }

  /// The count of each bucket (not cumulative), the one above the last bound included.
  package var bucketCounts: [UInt64] {
    (0...upperBounds.count).map { counts[$0].load(ordering: .relaxed) }
  }

  /// The sum of all values. Always finite: 10^269 values of the largest size would not fill it.
  package var sum: Double { Double(bitPattern: sumBits.load(ordering: .relaxed)) }

  private func bucket(of value: Double) -> Int {
    var low = 0
    var high = upperBounds.count
    while low < high {
      let middle = (low + high) / 2
      if value <= upperBounds[middle] { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Bounds 1, 2, 5 times the powers of ten from 10^`first` to 10^`last`.
  package static func decades(_ first: Int, through last: Int) -> [Double] {
    (first...last).flatMap { exponent in
      [1.0, 2.0, 5.0].map { digit in
        exponent < 0 ? digit / powerOfTen(-exponent) : digit * powerOfTen(exponent)
      }
    }
  }

  private static func powerOfTen(_ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { power, _ in power * 10 }
  }
}
