package import EventRecords
internal import ReproducibleMath

/// Where and when the events of a simulated run were "taken": a function of the run number and the
/// event's place alone, so that a simulation has the same bytes whenever it is made.
///
/// The run begins at 2026-01-01 00:00:00 UTC and has an event every 50 us, 2,000 bunch crossings
/// of 25 ns. A luminosity section has 10,000 events. The condition is the section's mean pile-up,
/// 40 + 10 sin(2 pi section / 240): one oscillation in two minutes.
package struct SimulatedTimeline: Sendable {
  /// 2026-01-01 00:00:00 UTC.
  package static let startNs: UInt64 = 1_767_225_600_000_000_000
  /// Between two events.
  package static let intervalNs: UInt64 = 50_000
  /// Events of a luminosity section.
  static let sectionEventCount: UInt64 = 10_000
  private static let crossingNs: UInt64 = 25
  private static let orbitCrossingCount: UInt64 = 3_564

  /// Run number.
  package let run: UInt32
  /// D.
  package let featureCount: Int
  /// Of the feature names.
  package let schema: UInt32

  /// The timeline of a run.
  package init(run: UInt32, featureCount: Int, schema: UInt32) {
    self.run = run
    self.featureCount = featureCount
    self.schema = schema
  }

  /// The begin of the run, sequence 1.
  package var beginOfRun: EventHeader {
    header(.beginOfRun, place: 0, section: 1)
  }

  /// Event `index`, counted from 0; its number is index + 1 and its sequence index + 2.
  package func event(_ index: UInt64) -> EventHeader {
    var header = header(
      .event, place: index + 1, section: UInt32(index / Self.sectionEventCount) + 1)
    header.event = index + 1
    return header
  }

  /// The end of a run of `eventCount` events.
  package func endOfRun(eventCount: UInt64) -> EventHeader {
    let lastIndex = eventCount == 0 ? 0 : eventCount - 1
    return header(
      .endOfRun, place: eventCount + 1, section: UInt32(lastIndex / Self.sectionEventCount) + 1)
  }

  private func header(_ kind: RecordKind, place: UInt64, section: UInt32) -> EventHeader {
    let elapsedNs = place * Self.intervalNs
    let crossing = elapsedNs / Self.crossingNs
    return EventHeader(
      kind: kind, source: 1, run: run, lumi: section,
      featureCount: featureCount,
      bunchCrossing: UInt16(crossing % Self.orbitCrossingCount + 1), sequence: place + 1,
      timeNs: Self.startNs + elapsedNs,
      orbit: UInt32(truncatingIfNeeded: crossing / Self.orbitCrossingCount),
      condition: Self.pileUp(section: section), schema: schema)
  }

  /// The mean number of collisions in a crossing.
  static func pileUp(section: UInt32) -> Float {
    Float(40 + 10 * portableSine(2 * .pi * Double(section % 240) / 240))
  }
}
