internal import Synchronization

/// A histogram with bounds fixed at creation, written by one thread and read by any.
///
/// `@unchecked`: the counts are atomic; the pointer to them is constant.
package final class FixedHistogram: @unchecked Sendable {
  /// Inclusive upper bounds, ascending. One more bucket counts the values above the last bound.
  package let upperBounds: [Double]
  /// The same, with infinity behind them.
  private let bounds: UnsafeMutablePointer<Double>
  private let boundCount: Int
  /// For the sign and exponent of a value, how many bounds lie below all values that have them.
  private let boundsBelow: UnsafeMutablePointer<UInt16>
  /// The most bounds that a value must be compared with, once its sign and exponent are known.
  private let comparisonCount: Int
  private let counts: UnsafeMutablePointer<Atomic<UInt64>>
  private let sumBits = Atomic<UInt64>(0)

  /// Creates an empty histogram.
  package init(upperBounds: [Double]) {
    precondition(zip(upperBounds, upperBounds.dropFirst()).allSatisfy { $0 < $1 })
    precondition(upperBounds.allSatisfy(\.isFinite) && upperBounds.count <= UInt16.max)
    self.upperBounds = upperBounds
    boundCount = upperBounds.count
    bounds = .allocate(capacity: upperBounds.count + 1)
    for (bucket, bound) in (upperBounds + [.infinity]).enumerated() {
      (bounds + bucket).initialize(to: bound)
    }
    boundsBelow = .allocate(capacity: Self.octaveCount)
    boundsBelow.initialize(repeating: 0, count: Self.octaveCount)
    comparisonCount = Self.count(upperBounds, below: boundsBelow)
    counts = .allocate(capacity: upperBounds.count + 1)
    for bucket in 0...upperBounds.count { (counts + bucket).initialize(to: Atomic(0)) }
  }

  deinit {
    bounds.deallocate()
    boundsBelow.deallocate()
    counts.deinitialize(count: boundCount + 1).deallocate()
  }

  /// The largest value that is added to the sum; more counts as this, in the last bucket.
  package static let valueMax = Double(Float.greatestFiniteMagnitude)

  /// Counts `value`, which is a number, `weight` times. O(log buckets); the writing thread alone may
  /// call it.
  package func record(_ value: Double, weight: UInt64 = 1) {
    add(weight, to: bucket(of: value))
    let part = min(max(value, -Self.valueMax), Self.valueMax) * Double(weight)
    let sum = Double(bitPattern: sumBits.load(ordering: .relaxed)) + part
    sumBits.store(sum.bitPattern, ordering: .relaxed)
  }

  /// Counts each of `count` values once, and leaves out those that are NaN. The result is that of
  /// `record` for each in turn.
  package func record(_ values: UnsafePointer<Float>, count: Int) {
    var sum = Double(bitPattern: sumBits.load(ordering: .relaxed))
    for index in 0..<count where !values[index].isNaN {
      let value = Double(values[index])
      add(1, to: bucket(of: value))
      sum += min(max(value, -Self.valueMax), Self.valueMax)
    }
    sumBits.store(sum.bitPattern, ordering: .relaxed)
  }

  /// One thread writes, so the sum of two steps is as good as one locked step, and is cheaper.
  @inline(__always)
  private func add(_ weight: UInt64, to bucket: Int) {
    let count = counts[bucket].load(ordering: .relaxed)
    counts[bucket].store(count &+ weight, ordering: .relaxed)
  }

  /// The count of each bucket (not cumulative), the one above the last bound included.
  package var bucketCounts: [UInt64] {
    (0...upperBounds.count).map { counts[$0].load(ordering: .relaxed) }
  }

  /// The sum of all values. Always finite: 10^269 values of the largest size would not fill it.
  package var sum: Double { Double(bitPattern: sumBits.load(ordering: .relaxed)) }

  /// Values of one sign and exponent.
  private static let octaveCount = 4096

  @inline(__always)
  private static func octave(of value: Double) -> Int {
    Int(truncatingIfNeeded: value.bitPattern >> 52)
  }

  /// Fills in the bounds below each octave, and returns the most bounds of one octave.
  private static func count(_ bounds: [Double], below: UnsafeMutablePointer<UInt16>) -> Int {
    var most = 0
    for octave in 0..<octaveCount {
      // The values at its ends; infinity shares one with NaN, which is not compared.
      let near = Double(bitPattern: UInt64(octave) << 52)
      let far = Double(bitPattern: UInt64(octave) << 52 | (1 << 52 - 1))
      let (low, high) = (Double.minimum(near, far), Double.maximum(near, far))
      let first = bounds.prefix { $0 < low }.count
      below[octave] = UInt16(first)
      most = max(most, bounds.dropFirst(first).prefix { $0 < high }.count)
    }
    return most
  }

  /// How many bounds are below `value`. The number of steps is the same for all values, and none is
  /// a branch.
  @inline(__always)
  private func bucket(of value: Double) -> Int {
    var bucket = Int(boundsBelow[Self.octave(of: value)])
    for _ in 0..<comparisonCount { bucket += bounds[bucket] < value ? 1 : 0 }
    return bucket
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
