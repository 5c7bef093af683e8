import DurableFiles
import EventRecords
import Glibc
import RunFiles
import TestSupport
import Testing

@Suite struct RecordedRunTests {
  let temporary = TemporaryFolder()

  @Test(arguments: [80, 240, 1 << 30])
  func recordsAreReadInOrderAndAtRandom(segmentByteCountMax: Int) throws {
    try writeRun(
      temporary("run"), someEvents(20), segmentByteCountMax: segmentByteCountMax)
    let run = try RecordedRun(temporary("run"))
    #expect(run.recordCount == 20 && run.featureCount == 4 && run.kind == .events)
    #expect(run.notes.isEmpty && run.manifest != nil)
    var events: [UInt64] = []
    try run.forEachRecord { events.append($0.event) }
    #expect(events == Array(1...20))
    for index in 0..<20 { #expect(try run.record(at: index).event == UInt64(index + 1)) }
    let whole = someEvents(20).withUnsafeBytes { SHA256Digest(of: $0) }
    #expect(run.sha256() == whole)
  }

  @Test(arguments: ["000001.events", "any name", "000001.events.writing"])
  func aSegmentAloneIsARun(name: String) throws {
    try writeFile(temporary(name), someEvents(5))
    let run = try RecordedRun(temporary(name))
    #expect(run.recordCount == 5 && run.manifest == nil)
  }

  @Test func flaggedRecordsCarryTheirEvents() throws {
    let records = (1...6).flatMap { flaggedBytes(number: $0, featureCount: 7) }
    try writeRun(
      temporary("j"), records, kind: .flagged, featureCount: 7, segmentByteCountMax: 500)
    for path in [temporary("j"), temporary("j/000001.flagged")] {
      let run = try RecordedRun(path)
      #expect(run.kind == .flagged && run.featureCount == 7)
      #expect(try run.flaggedRecord(at: 1).number == 2)
      #expect(try run.record(at: 1).event == 2)
      var numbers: [UInt64] = []
      try run.forEachFlaggedRecord { numbers.append($0.number) }
      #expect(numbers == (1...UInt64(run.recordCount)).map { $0 })
    }
  }

  @Test(arguments: [0, 1, 2, 3, 64, 200])
  func aFlaggedSegmentTellsD(featureCount: Int) throws {
    try writeFile(temporary("j"), flaggedBytes(number: 1, featureCount: featureCount))
    #expect(try RecordedRun(temporary("j")).featureCount == featureCount)
  }

  @Test func aBrokenRecordIsNamed() throws {
    var bytes = someEvents(20)
    bytes[17 * 80 + 75] ^= 1
    try writeFile(temporary("000001.events"), bytes)
    let run = try RecordedRun(temporary("000001.events"))
    #expect(try run.record(at: 16).event == 17)
    let found = fault { _ = try run.record(at: 17) }
    #expect(found?.place == "record 17, byte 1360")
    #expect(found?.found.contains("checksum") == true)
    #expect(fault { try run.forEachRecord { _ in } } == found)
  }

  @Test func anotherDInTheMiddleIsNamed() throws {
    // Two records of D = 24 have the size of four of D = 4, less what the headers take.
    let bytes = someEvents(1, featureCount: 4) + someEvents(1, featureCount: 24)
    try writeFile(temporary("000001.events"), bytes)
    let found = fault { _ = try RecordedRun(temporary("000001.events")).record(at: 1) }
    #expect(found?.found == "24 features")
  }

  @Test func aCutSegmentIsNamed() throws {
    try writeRun(temporary("run"), someEvents(4))
    try truncate(temporary("run/000001.events"), to: 300)
    let found = fault { _ = try RecordedRun(temporary("run")) }
    #expect(found?.place == "byte 240" && found?.found == "60 bytes at the end")
    try truncate(temporary("run/000001.events"), to: 240)
    #expect(fault { _ = try RecordedRun(temporary("run")) }?.found == "240 bytes")
    unlink(temporary("run/000001.events"))
    #expect(fault { _ = try RecordedRun(temporary("run")) }?.found == "no 000001.events")
  }

  @Test func whatIsNoRunIsNamed() throws {
    try writeFile(temporary("text"), Array("hello, world".utf8))
    #expect(fault { _ = try RecordedRun(temporary("text")) }?.found == "\"hell\"")
    try writeFile(temporary("empty"), [])
    #expect(fault { _ = try RecordedRun(temporary("empty")) }?.found == "nothing")
    #expect(fault { _ = try RecordedRun(temporary.path) } != nil)
    #expect(throws: SystemCallError.self) { try RecordedRun(temporary("missing")) }
    try writeRun(temporary("run"), someEvents(1))
    try writeFile(temporary("run/000002.flagged"), flaggedBytes(number: 1))
    #expect(fault { _ = try RecordedRun(temporary("run")) }?.found.contains("both") == true)
  }

  @Test func anOpenRunIsReadWithANote() throws {
    let writer = try RunWriter(
      folder: temporary("run"), kind: .events, featureCount: 4, segmentByteCountMax: 240)
    try someEvents(5).withUnsafeBytes { try writer.append(records: $0) }
    try writer.flush()
    let run = try RecordedRun(temporary("run"))
    #expect(run.recordCount == 5)
    #expect(run.notes.count == 2, "no manifest, and one open segment: \(run.notes)")
    try writer.finish()
    #expect(run.recordCount == 5)
  }
}
