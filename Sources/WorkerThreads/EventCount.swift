internal import CLinux
internal import Synchronization

/// A counter on which threads can sleep until it moves: the wake-up half of a ring buffer.
///
/// The waiter reads `value` and looks for work. Where there is none it waits until the counter
/// differs from the value that it read. The other side makes work visible and then calls
/// `signal()`. No wake-up is lost, and `signal()` makes a system call only while a thread sleeps.
package final class EventCount: Sendable {
  private let word: UnsafeSendable<UnsafeMutablePointer<UInt32>>
  private let sleepers = Atomic<Int>(0)

  /// Creates the counter at 0.
  package init() {
    let storage = UnsafeMutablePointer<UInt32>.allocate(capacity: 16)
    storage.initialize(repeating: 0, count: 16)
    word = UnsafeSendable(storage)
  }

  deinit { word.value.deallocate() }

  /// The counter, read with sequential consistency.
  package var value: UInt32 { atomic.pointee.load(ordering: .sequentiallyConsistent) }

  /// Moves the counter and wakes all sleepers.
  package func signal() {
    atomic.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 { tamis_futex_wake_all(word.value) }
  }

  /// Returns when the counter differs from `seen`, or after `timeoutNs`; may return early.
  ///
  /// Spins for `spins` rounds first, which is cheaper than a wake-up when work comes soon.
  package func wait(while seen: UInt32, timeoutNs: Int64, spins: Int = 0) {
    for _ in 0..<spins {
      if value != seen { return }
      tamis_spin_pause()
    }
    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    if value == seen { tamis_futex_wait(word.value, seen, timeoutNs) }
    sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
  }

  /// The futex needs an address, which `Atomic` does not give; an atomic has the same layout as
  /// the integer it holds (SE-0410), so the storage is bound as one.
  private var atomic: UnsafeMutablePointer<Atomic<UInt32>> {
    UnsafeMutableRawPointer(word.value).assumingMemoryBound(to: Atomic<UInt32>.self)
  }
}

/// A value that is shared between threads under a rule stated where it is used.
///
/// `@unchecked`: the code that wraps a value keeps that rule.
package struct UnsafeSendable<Value>: @unchecked Sendable {
  package let value: Value

  package init(_ value: Value) { self.value = value }
}
