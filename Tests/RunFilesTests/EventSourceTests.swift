import DurableFiles
import EventRecords
import RunFiles
import TestSupport
import Testing

@Suite struct EventSourceTests {
  let temporary = TemporaryFolder()

  private func copied(_ source: EventSource, _ range: Range<Int>) -> [Float] {
    [Float](unsafeUninitializedCapacity: range.count * source.featureCount) { buffer, count in
      if let base = buffer.baseAddress { source.copyFeatures(of: range, into: base) }
      count = range.count * source.featureCount
    }
  }

  /// Control records strewn among events, in segments of any size, read in any range.
  @Test func eventsAreFoundAmongControlRecords() throws {
    var random = SeededGenerator(9)
    for round in 0..<40 {
      var bytes: [UInt8] = []
      var events: [UInt64] = []
      for sequence in 1...UInt64.random(in: 1...40, using: &random) {
        let kind: RecordKind = random.next() % 3 == 0 ? .heartbeat : .event
        bytes += eventBytes(
          EventHeader(kind: kind, run: 5, featureCount: 4, sequence: sequence, event: sequence))
        if kind == .event { events.append(sequence) }
      }
      let folder = temporary("run\(round)")
      let limit = Int.random(in: 80...1_000, using: &random)
      try writeRun(folder, bytes, segmentByteCountMax: limit)
      let source = try EventSource(paths: [folder])
      #expect(source.eventCount == events.count)
      #expect(
        copied(source, 0..<events.count) == events.flatMap { features($0, 4) })
      for (index, event) in events.enumerated() {
        #expect(source.record(at: index)?.event == event)
        #expect(copied(source, index..<index + 1) == features(event, 4))
      }
      for _ in 0..<10 {
        let first = Int.random(in: 0...events.count, using: &random)
        let last = Int.random(in: first...events.count, using: &random)
        #expect(
          copied(source, first..<last) == events[first..<last].flatMap { features($0, 4) })
      }
    }
  }

  @Test func inputsOfAllKindsFollowOneAnother() throws {
    try writeRun(temporary("run"), someEvents(3, run: 42))
    try writeFile(temporary("segment"), someEvents(2, run: 43, first: 4))
    let writer = try NumpyWriter(temporary("rows.npy"), columnCount: 4)
    try writer.append(features(6, 4) + features(7, 4))
    try writer.commit()
    try writeRun(
      temporary("journal"), flaggedBytes(number: 8) + flaggedBytes(number: 9), kind: .flagged)
    let source = try EventSource(
      paths: ["run", "segment", "rows.npy", "journal"].map { temporary($0) })
    #expect(source.eventCount == 9 && source.featureCount == 4)
    #expect(copied(source, 0..<9) == (1...9).flatMap { features($0, 4) })
    #expect(copied(source, 2..<8) == (3...8).flatMap { features($0, 4) })
    #expect(source.inputs.map(\.name) == ["run", "segment", "rows.npy", "journal"])
    #expect(source.inputs.map(\.runs) == [[42], [43], [], [7]])
    #expect(source.inputs.map(\.eventCount) == [3, 2, 2, 2])
    #expect(source.record(at: 4)?.event == 5)
    #expect(source.record(at: 5) == nil)
    #expect(source.record(at: 8)?.event == 9)
    #expect(source.place(of: 5) == (2, 0) && source.place(of: 8) == (3, 1))
    let digest = try SHA256Digest(ofFile: temporary("run/000001.events"))
    #expect(source.inputs[0].sha256() == digest)
    #expect(source.inputs[2].sha256() == (try SHA256Digest(ofFile: temporary("rows.npy"))))
  }

  @Test func aBrokenRecordIsFoundAtTheStart() throws {
    var bytes = someEvents(20)
    bytes[17 * 80 + 64] ^= 1
    try writeFile(temporary("000001.events"), bytes)
    let found = fault { _ = try EventSource(paths: [temporary("000001.events")]) }
    #expect(found?.place == "record 17, byte 1360")
  }

  @Test func inputsMustAgreeInDAndSchema() throws {
    let names = (0..<4).map { "f\($0)" }
    let schema = schemaPrefix(featureNames: names)
    func record(_ schema: UInt32, _ featureCount: Int = 4) -> [UInt8] {
      eventBytes(EventHeader(featureCount: featureCount, schema: schema))
    }
    try writeFile(temporary("silent"), record(0))
    try writeFile(temporary("named"), record(schema))
    try writeFile(temporary("other"), record(77))
    try writeFile(temporary("wide"), record(0, 5))
    try writeFile(temporary("mixed"), record(0) + record(1) + record(2))
    try writeRun(temporary("run"), record(0) + record(schema), featureNames: names)
    let source = try EventSource(paths: ["silent", "named", "run"].map { temporary($0) })
    #expect(source.schema == schema && source.featureNames == names)
    let wrongSchema = fault { _ = try EventSource(paths: [temporary("run"), temporary("other")]) }
    #expect(wrongSchema?.file == temporary("other"))
    #expect(wrongSchema?.expected.contains(schemaDescription(schema)) == true)
    let wrongD = fault { _ = try EventSource(paths: [temporary("silent"), temporary("wide")]) }
    #expect(wrongD?.found == "5 features" && wrongD?.file == temporary("wide"))
    let mixed = fault { _ = try EventSource(paths: [temporary("mixed")]) }
    #expect(mixed?.place == "record 2, byte 160")
  }

  @Test(arguments: [[8], [2, 2, 2], [3, 0]])
  func onlyATableIsEvents(shape: [Int]) throws {
    let count = shape.reduce(1, *)
    try writeFile(temporary("a.npy"), numpyBytes(shape: shape, count: count))
    #expect(
      fault { _ = try EventSource(paths: [temporary("a.npy")]) }?.expected.hasPrefix("(N, D)")
        == true)
  }

  @Test func aTornTailIsANote() throws {
    try writeFile(temporary("000001.events.writing"), Array(someEvents(3).dropLast(5)))
    let source = try EventSource(paths: [temporary("000001.events.writing")])
    #expect(source.eventCount == 2)
    #expect(source.notes.contains { $0.contains("ends in 75 bytes that are no whole record") })
  }
}
