internal import Synchronization

/// Which of two windows the filling thread owns and which the judging thread.
///
/// The filling thread owns a window until it hands it over, the judging thread until it gives it
/// back. Neither waits: where the judging thread is late, events are left out and counted.
///
/// `@unchecked`: `filling` is the filling thread's and `judging` the judging thread's; the rest is
/// atomic.
struct WindowHandover: @unchecked Sendable {
  /// For each window, whether it belongs to the judging thread.
  private let isFull: UnsafeMutablePointer<Atomic<Bool>>
  /// The filling thread's: which window it fills. The judging thread's: which one it takes next.
  private let filling: UnsafeMutablePointer<Int>
  private let judging: UnsafeMutablePointer<Int>
  private let leftOut: UnsafeMutablePointer<Atomic<UInt64>>

  init() {
    isFull = .allocate(capacity: 2)
    for index in 0..<2 { (isFull + index).initialize(to: Atomic(false)) }
    filling = .allocate(capacity: 1)
    filling.initialize(to: 0)
    judging = .allocate(capacity: 1)
    judging.initialize(to: 0)
    leftOut = .allocate(capacity: 1)
    leftOut.initialize(to: Atomic(0))
  }

  func deallocate() {
    isFull.deinitialize(count: 2).deallocate()
    filling.deinitialize(count: 1).deallocate()
    judging.deinitialize(count: 1).deallocate()
    leftOut.deinitialize(count: 1).deallocate()
  }

  // MARK: - The filling thread's side

  /// The window to add an event to; nil, and the event counted as left out, while both are full.
  @inline(__always) @_noAllocation @_noLocks
  func windowToFill() -> Int? {
    let index = filling.pointee
    if isFull[index].load(ordering: .acquiring) {
      leftOut.pointee.wrappingAdd(1, ordering: .relaxed)
      return nil
    }
    return index
  }

  /// Gives the window that was filled to the judging thread.
  @inline(__always) @_noAllocation @_noLocks
  func handOver() {
    isFull[filling.pointee].store(true, ordering: .releasing)
    filling.pointee ^= 1
  }

  // MARK: - The judging thread's side

  /// How many windows are full: 0 to 2.
  var fullCount: Int {
    (0..<2).reduce(0) { $0 + (isFull[$1].load(ordering: .acquiring) ? 1 : 0) }
  }

  /// The oldest full window, of which there must be one; `giveBack` ends it.
  var oldestFull: Int { judging.pointee }

  /// Gives the oldest full window, which is empty now, to the filling thread.
  func giveBack() {
    isFull[judging.pointee].store(false, ordering: .releasing)
    judging.pointee ^= 1
  }

  /// Events that found no window.
  var leftOutCount: UInt64 { leftOut.pointee.load(ordering: .relaxed) }
}
