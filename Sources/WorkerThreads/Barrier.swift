internal import Synchronization

/// A point that `count` threads pass together, again and again.
///
/// Spins a little and then sleeps: phases of a training step are some hundred microseconds long.
package final class Barrier: Sendable {
  private let count: Int
  private let arrived = Atomic<Int>(0)
  private let generation = EventCount()

  /// Creates a barrier for `count` threads.
  package init(count: Int) {
    precondition(count >= 1)
    self.count = count
  }

  /// Returns when all threads have arrived. What each wrote before is then visible to all.
  package func arriveAndWait() {
    let seen = generation.value
    if arrived.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue == count {
      arrived.store(0, ordering: .releasing)
      generation.signal()
    } else {
      while generation.value == seen { generation.wait(while: seen, timeoutNs: -1, spins: 2_000) }
    }
  }
}
