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

  /// Events marked as simulated with a score above its threshold, before any prescale.
  package let simulatedFired = AtomicCounter()
  /// The factor of rate control on its threshold, as float32 bits.
  package let factorBits = AtomicCounter()
  /// How often rate control has moved its threshold.
  package let steps = AtomicCounter()
  /// Why rate control does not move it: a `HoldReason`.
  package let hold = AtomicCounter()

  init(name: String) {
    self.name = name
    factorBits.set(UInt64(Float(1).bitPattern))
  }

  /// The factor of rate control on its threshold; 1 where it does nothing.
  package var factor: Float { Float(bitPattern: UInt32(truncatingIfNeeded: factorBits.value)) }
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
      points += fresh.map(WorkingPointCounters.init(name:))
      return names.compactMap { name in points.first { $0.name == name } }
    }
  }
}
