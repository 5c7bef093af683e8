internal import Synchronization

/// The counts of one sender since start, or since it got its place in the list.
package final class SourceCounters: Sendable {
  /// The sender's number; `nobody` for the unknown sender, for those that have given up their
  /// place, and while the place is free.
  fileprivate let number = Atomic<UInt64>(nobody)
  /// Events that came, and records refused.
  package let received = AtomicCounter()
  /// Records missed, by gaps in the sequence; a late record is counted in `late` as well. `lost - late`
  /// records are missing now.
  package let lost = AtomicCounter()
  /// Records missed where the stream is shared with other daemons: most of them are there.
  package let elsewhere = AtomicCounter()
  /// Records that filled a gap after it had been counted.
  package let late = AtomicCounter()
  /// Records refused.
  package let refused = AtomicCounter()

  fileprivate static let nobody = UInt64.max

  fileprivate init() {}

  /// The sender's number, where there is one.
  var source: UInt32? { UInt32(exactly: number.load(ordering: .acquiring)) }

  fileprivate var all: [AtomicCounter] { [received, lost, elsewhere, late, refused] }

  fileprivate func move(to other: SourceCounters) {
    for (mine, theirs) in zip(all, other.all) {
      theirs.addSaturated(mine.value)
      mine.set(0)
    }
  }
}

/// The counts of one sender at one moment.
package struct SourceSums: Equatable, Sendable {
  /// The sender of counts.
  package enum Sender: Equatable, Sendable {
    /// Records of an unknown sender, and of senders for whom there was no place.
    case unknown
    /// The sender of this number.
    case source(UInt32)
    /// All senders that have given up their place.
    case other
  }

  /// The sender.
  package var sender: Sender
  /// Events that came, and records refused.
  package var received: UInt64
  /// Records missed, by gaps in the sequence.
  package var lost: UInt64
  /// Records missed of a stream that is shared with other daemons.
  package var elsewhere: UInt64
  /// Records that filled a gap after it had been counted.
  package var late: UInt64
  /// Records refused.
  package var refused: UInt64

  fileprivate init(_ sender: Sender, _ counters: SourceCounters) {
    self.sender = sender
    received = counters.received.value
    lost = counters.lost.value
    elsewhere = counters.elsewhere.value
    late = counters.late.value
    refused = counters.refused.value
  }
}

/// The senders seen: one thread gives and takes places, any thread reads them.
///
/// The number of places is fixed. A sender that gives up its place leaves its counts with `other`,
/// so that sums over all never fall.
package final class SourceList: Sendable {
  /// The unknown sender at 0, then the places.
  private let slots: [SourceCounters]
  private let other = SourceCounters()
  /// Odd while counts move from a place to `other`.
  private let version = Atomic<UInt64>(0)

  init(capacity: Int) {
    slots = (0..<capacity).map { _ in SourceCounters() }
  }

  /// Places that are taken, the unknown sender's included.
  package var count: Int { slots.indices.reduce(1) { $0 + (isFree($1) || $1 == 0 ? 0 : 1) } }

  /// The counters at one place.
  package subscript(_ index: Int) -> SourceCounters { slots[index] }

  /// The places of senders.
  var places: Range<Int> { 1..<slots.count }

  func isFree(_ index: Int) -> Bool {
    slots[index].number.load(ordering: .relaxed) == SourceCounters.nobody
  }

  func index(of source: UInt32) -> Int? {
    places.first { slots[$0].number.load(ordering: .relaxed) == UInt64(source) }
  }

  /// Gives a free place to a sender; nil where there is none.
  func take(_ source: UInt32) -> Int? {
    guard let index = places.first(where: isFree) else { return nil }
    slots[index].number.store(UInt64(source), ordering: .releasing)
    return index
  }

  /// Frees a place; its counts go to `other`.
  func leave(_ index: Int) {
    version.wrappingAdd(1, ordering: .acquiringAndReleasing)
    slots[index].move(to: other)
    slots[index].number.store(SourceCounters.nobody, ordering: .relaxed)
    version.wrappingAdd(1, ordering: .acquiringAndReleasing)
  }

  /// All counts now: the unknown sender, those with a place, and the others once there are any.
  package func snapshot() -> [SourceSums] {
    while true {
      let before = version.load(ordering: .acquiring)
      let found = read()
      atomicMemoryFence(ordering: .acquiring)
      if before % 2 == 0, version.load(ordering: .relaxed) == before { return found }
    }
  }

  private func read() -> [SourceSums] {
    var found = [SourceSums(.unknown, slots[0])]
    for index in places {
      if let source = slots[index].source {
        found.append(SourceSums(.source(source), slots[index]))
      }
    }
    let others = SourceSums(.other, other)
    if others.received > 0 || others.lost > 0 || others.elsewhere > 0 { found.append(others) }
    return found
  }
}
