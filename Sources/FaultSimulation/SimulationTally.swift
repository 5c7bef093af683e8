/// The counts of a simulation.
package struct SimulationTally: Sendable {
  /// Actions that were scheduled.
  package var steps = 0
  package var seeds = 0
  package var starts = 0
  package var failedStarts = 0
  package var kills = 0
  package var powerCuts = 0
  package var orderlyEnds = 0
  package var reloads = 0
  package var failedCalls = 0
  package var storeCalls = 0
  package var events = 0
  package var journaled = 0
  package var sent = 0
  package var received = 0
  package var deletedSegments = 0

  /// Nothing done.
  package init() {}

  /// Adds another simulation.
  package mutating func add(_ other: Self) {
    steps += other.steps
    seeds += other.seeds
    starts += other.starts
    failedStarts += other.failedStarts
    kills += other.kills
    powerCuts += other.powerCuts
    orderlyEnds += other.orderlyEnds
    reloads += other.reloads
    failedCalls += other.failedCalls
    storeCalls += other.storeCalls
    events += other.events
    journaled += other.journaled
    sent += other.sent
    received += other.received
    deletedSegments += other.deletedSegments
  }

  /// One line.
  package var summary: String {
    "\(seeds) seeds, \(steps) steps: \(starts) starts, \(failedStarts) failed starts, \(kills) kills, "
      + "\(powerCuts) power cuts, \(orderlyEnds) orderly ends, \(reloads) reloads, "
      + "\(storeCalls) store calls of which \(failedCalls) failed, \(events) events, "
      + "\(journaled) records journaled, \(sent) sent, \(received) received, "
      + "\(deletedSegments) segments deleted"
  }
}

/// Something that must not happen, with how it came about.
package struct SimulationFault: Error, CustomStringConvertible {
  package let seed: UInt64
  package let step: Int
  /// The fault.
  package let faults: [String]
  /// The last actions before it.
  package let trace: [String]

  package var description: String {
    "seed \(seed), step \(step): " + faults.prefix(4).joined(separator: "; ") + "\n  "
      + trace.joined(separator: "\n  ")
  }
}
