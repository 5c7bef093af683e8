internal import BoundedNumbers
internal import Synchronization

/// A count that one or more threads raise and any thread reads, without locks.
package final class AtomicCounter: Sendable {
  private let count = Atomic<UInt64>(0)

  /// Creates the counter at 0.
  package init() {}

  /// The count now.
  package var value: UInt64 { count.load(ordering: .relaxed) }

  /// Raises the count.
  @inline(__always)
  package func add(_ amount: UInt64 = 1) {
    count.wrappingAdd(amount, ordering: .relaxed)
  }

  /// Raises the count, at most to the largest number of the type. Only one thread may write: there
  /// is no locked instruction, which would cost more than the rest of an event's counts.
  @inline(__always)
  func addSaturated(_ amount: UInt64) {
    count.store(count.load(ordering: .relaxed) +| amount, ordering: .relaxed)
  }

  /// Makes the count at least `amount`: for maxima.
  package func raise(to amount: UInt64) {
    count.max(amount, ordering: .relaxed)
  }

  /// Replaces the count: for gauges, and for figures that a single thread computes.
  package func set(_ amount: UInt64) {
    count.store(amount, ordering: .relaxed)
  }
}
