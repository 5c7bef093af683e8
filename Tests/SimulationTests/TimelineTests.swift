import EventRecords
import Simulation
import Testing

private let timeline = SimulatedTimeline(run: 42, featureCount: 64, schema: 7)

@Test func beginAndEndEncloseTheEvents() {
  let begin = timeline.beginOfRun
  #expect(begin.kind == .beginOfRun)
  #expect(begin.sequence == 1)
  #expect(begin.event == 0)
  #expect(begin.timeNs == 1_767_225_600_000_000_000)
  let end = timeline.endOfRun(eventCount: 20_000)
  #expect(end.kind == .endOfRun)
  #expect(end.sequence == 20_002)
  #expect(end.lumi == 2)
  #expect(end.timeNs == timeline.event(19_999).timeNs + 50_000)
  #expect(timeline.endOfRun(eventCount: 0).sequence == 2)
  #expect(timeline.endOfRun(eventCount: 0).lumi == 1)
}

@Test(
  arguments: [
    (0, 1, 2001, 0), (1, 1, 437, 1), (9_999, 1, 2397, 5611), (10_000, 2, 833, 5612),
    (3_000_000, 301, 873, 1_683_502),
  ] as [(UInt64, UInt32, UInt16, UInt32)])
func placesOfEvents(index: UInt64, lumi: UInt32, crossing: UInt16, orbit: UInt32) {
  let header = timeline.event(index)
  #expect(header.kind == .event)
  #expect(header.flags == [])
  #expect(header.source == 1)
  #expect(header.run == 42)
  #expect(header.event == index + 1)
  #expect(header.sequence == index + 2)
  #expect(header.timeNs == 1_767_225_600_000_000_000 + (index + 1) * 50_000)
  #expect(header.schema == 7)
  #expect(header.lumi == lumi)
  #expect(header.bunchCrossing == crossing)
  #expect(header.orbit == orbit)
}

@Test func conditionIsASlowPileUp() {
  let values = (0..<480).map { timeline.event($0 * 10_000).condition }
  #expect(values.allSatisfy { (30...50).contains($0) })
  #expect(values.max() == 50)
  #expect(values.min() == 30)
  #expect(zip(values, values.dropFirst()).allSatisfy { abs($0 - $1) < 0.3 })
  #expect(Array(values[..<240]) == Array(values[240...]))
  #expect(timeline.event(0).condition == timeline.event(9_999).condition)
}
