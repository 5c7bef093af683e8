internal import Synchronization

/// The counts of one working point since start. It is identified by its name: a later calibration
/// with a point of that name continues the counts.
package final class WorkingPointCounters: Sendable {
  /// The name in the calibration.
  package let name: String
  /// Events with a score above its threshold, before any prescale.
  package let fired = AtomicCounter()
  /// Fired events that also passed its prescale: they were kept.
  package let flagged = AtomicCounter()

  /// Events that fired it and no other working point, before any prescale.
  package let firedAlone = AtomicCounter()
  /// Events that it alone kept: no other working point fired and let them pass.
  package let flaggedAlone = AtomicCounter()
  /// Events that fired it and another, at the place of the other in the table.
  private let firedWith: [AtomicCounter]
  private let place: Int
  /// Events marked as simulated with a score above its threshold, before any prescale.
  package let simulatedFired = AtomicCounter()
  /// The factor of rate control on its threshold, as float32 bits.
  package let factorBits = AtomicCounter()
  /// How often rate control has moved its threshold.
  package let steps = AtomicCounter()
  /// Why rate control does not move it: a `HoldReason`.
  package let hold = AtomicCounter()

  init(name: String, place: Int) {
    self.name = name
    self.place = place
    firedWith = (0..<WorkingPointTable.nameCountMax).map { _ in AtomicCounter() }
    factorBits.set(UInt64(Float(1).bitPattern))
  }

  /// Events that fired both, before any prescale.
  package func fired(with other: WorkingPointCounters) -> UInt64 { counter(with: other).value }

  /// Of each two the one that came first has it.
  func counter(with other: WorkingPointCounters) -> AtomicCounter {
    if place < other.place { return firedWith[other.place] }
    return other.firedWith[place]
  }

  /// The factor of rate control on its threshold; 1 where it does nothing.
  package var factor: Float { Float(bitPattern: UInt32(truncatingIfNeeded: factorBits.value)) }
}

/// The counts of each two working points of a generation.
struct OverlapCounters: Sendable {
  /// Row after row, a counter for each two; those of a point with itself are not used.
  private let counters: [AtomicCounter]
  private let pointCount: Int

  init(_ points: [WorkingPointCounters]) {
    pointCount = points.count
    counters = points.flatMap { one in
      points.map { $0.name == one.name ? AtomicCounter() : one.counter(with: $0) }
    }
  }

  /// Counts an event that fired these points: each two of them once.
  func note(fired: UInt16) {
    for one in 0..<pointCount where fired >> UInt16(one) & 1 == 1 {
      for other in one + 1..<pointCount where fired >> UInt16(other) & 1 == 1 {
        counters[one * pointCount + other].add()
      }
    }
  }
}

/// The counters of all working points that were ever in force, in the order in which they came.
///
/// Names are labels of metrics, so their number is bounded: a reload that would bring more is
/// refused.
package final class WorkingPointTable: Sendable {
  /// The largest number of names.
  package static let nameCountMax = 64

  private let points = Mutex<[WorkingPointCounters]>([])

  init() {}

  /// All of them now.
  package var all: [WorkingPointCounters] { points.withLock { $0 } }

  /// The counters of `names`, in their order, made where they are new; nil where that would be more
  /// than `nameCountMax`.
  func counters(of names: [String]) -> [WorkingPointCounters]? {
    points.withLock { points in
      let fresh = names.filter { name in !points.contains { $0.name == name } }
      guard points.count + fresh.count <= Self.nameCountMax else { return nil }
      for name in fresh {
        points.append(WorkingPointCounters(name: name, place: points.count))
      }
      return names.compactMap { name in points.first { $0.name == name } }
    }
  }
}
