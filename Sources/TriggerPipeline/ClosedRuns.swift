/// The runs that were closed last. They tell a late record of a closed run from a record of a new
/// run. Belongs to the ingest thread.
///
/// The size is fixed. A record of a run that was closed longer ago opens the run again, as another
/// take.
struct ClosedRuns: ~Copyable {
  /// How many are remembered.
  static let countMax = 4_096

  /// The facts of a closed run.
  struct Closed {
    /// When it was opened; tells its takes apart.
    var openedNs: UInt64
    /// How often it was resumed.
    var resumeCount: UInt64
    /// Whether its sender has ended it. One that gave up its place can go on.
    var hasEnded: Bool
  }

  private let keys: UnsafeMutablePointer<UInt64>
  private let facts: UnsafeMutablePointer<Closed>
  private var count = 0
  private var next = 0
  private var latest = 0

  init() {
    keys = .allocate(capacity: Self.countMax)
    keys.initialize(repeating: 0, count: Self.countMax)
    facts = .allocate(capacity: Self.countMax)
    facts.initialize(
      repeating: Closed(openedNs: 0, resumeCount: 0, hasEnded: false), count: Self.countMax)
  }

  deinit {
    keys.deallocate()
    facts.deallocate()
  }

  /// Remembers a run, in the place of the one closed longest ago where all are taken.
  mutating func note(_ key: UInt64, _ closed: Closed) {
    let index = find(key) ?? next
    if index == next {
      next = (next + 1) % Self.countMax
      count = min(count + 1, Self.countMax)
    }
    keys[index] = key
    facts[index] = closed
  }

  /// The facts of a run; nil where it is not remembered. O(`countMax`), and O(1) for the run asked for
  /// before.
  mutating func closed(_ key: UInt64) -> Closed? { find(key).map { facts[$0] } }

  private mutating func find(_ key: UInt64) -> Int? {
    if latest < count, keys[latest] == key { return latest }
    for index in 0..<count where keys[index] == key {
      latest = index
      return index
    }
    return nil
  }
}
