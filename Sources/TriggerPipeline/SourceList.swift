internal import Synchronization

/// The senders seen so far: one thread appends, any thread reads what is there.
public final class SourceList: @unchecked Sendable {
  private let storage: UnsafeMutablePointer<SourceCounters>
  private let capacity: Int
  private let published = Atomic<Int>(0)

  /// A list that holds the unknown sender at index 0.
  init(capacity: Int) {
    self.capacity = capacity
    storage = .allocate(capacity: capacity)
    storage.initialize(to: SourceCounters(source: nil))
    published.store(1, ordering: .releasing)
  }

  deinit { storage.deinitialize(count: count).deallocate() }

  /// How many there are, the unknown one included.
  public var count: Int { published.load(ordering: .acquiring) }

  /// The counters of one sender.
  public subscript(_ index: Int) -> SourceCounters { storage[index] }

  /// All senders now.
  public var all: [SourceCounters] { (0..<count).map { storage[$0] } }

  func index(of source: UInt32) -> Int? {
    (1..<max(1, count)).first { storage[$0].source == source }
  }

  /// Adds a sender; nil where the list is full. Allocates: once for each sender.
  func append(_ source: UInt32) -> Int? {
    let index = count
    guard index < capacity else { return nil }
    (storage + index).initialize(to: SourceCounters(source: source))
    published.store(index + 1, ordering: .releasing)
    return index
  }
}
