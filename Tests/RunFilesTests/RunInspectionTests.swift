import DurableFiles
import EventRecords
import Glibc
import RunFiles
import StrictJSON
import TestSupport
import Testing

@Suite struct RunInspectionTests {
  let temporary = TemporaryFolder()

  private func value(_ name: String, _ inspection: RunInspection) -> JSONValue? {
    inspection.facts.first { $0.name == name }?.value
  }

  @Test func awholeRunIsWhole() throws {
    try writeRun(temporary("run"), someEvents(10), segmentByteCountMax: 320)
    let inspection = try RunInspection(temporary("run"))
    #expect(inspection.isWhole && inspection.lines.last == "whole")
    #expect(value("records", inspection) == .integer(10))
    #expect(value("segments", inspection) == .integer(3))
    #expect(value("manifest", inspection) == .bool(true))
    #expect(inspection.lines.contains { $0.contains("run 7, source 1: 10 records") })
    guard case .object(let json) = inspection.json else {
      Issue.record("no object")
      return
    }
    #expect(json["whole"] == .bool(true) && json["features"] == .integer(4))
  }

  /// What the manifest listed is not known then, and segments may be missing.
  @Test func aManifestThatIsALinkToNothingIsAFault() throws {
    try writeRun(temporary("run"), someEvents(10))
    unlink(temporary("run/manifest.json"))
    #expect(symlink("nowhere", temporary("run/manifest.json")) == 0)
    let inspection = try RunInspection(temporary("run"))
    #expect(inspection.problems == ["manifest.json is a link to nothing"])
    #expect(!inspection.isWhole && value("manifest", inspection) == .null)
  }

  @Test func aChangedByteIsFound() throws {
    try writeRun(temporary("run"), someEvents(10))
    var bytes = try contents(of: temporary("run/000001.events"))
    bytes[3 * 80 + 66] ^= 1
    try writeFile(temporary("run/000001.events"), bytes)
    let inspection = try RunInspection(temporary("run"))
    #expect(inspection.problems.count == 2)
    #expect(inspection.problems[0].contains("record 3, byte 240: crc"))
    #expect(inspection.problems[1].contains("SHA-256"))
    #expect(value("manifest", inspection) == .bool(false))
  }

  /// A record that is changed and sealed again: the records are good, the file is not the one.
  @Test func anotherRecordIsFoundByTheManifest() throws {
    try writeRun(temporary("run"), someEvents(3))
    try writeFile(temporary("run/000001.events"), someEvents(3, first: 2))
    let inspection = try RunInspection(temporary("run"))
    #expect(inspection.problems.count == 1 && !inspection.isWhole)
  }

  @Test func aTornTailAndAnOpenSegmentAreTold() throws {
    try writeFile(temporary("000001.events.writing"), Array(someEvents(3).dropLast(7)))
    let inspection = try RunInspection(temporary("000001.events.writing"))
    #expect(inspection.problems.count == 1)
    #expect(inspection.problems[0].contains("from byte 160 on 73 bytes"))
    #expect(value("records", inspection) == .integer(2))
    #expect(names(in: temporary.path) == ["000001.events.writing"])
  }

  /// A segment beside a finished run is no part of it, whatever its manifest lists.
  @Test(arguments: [true, false]) func aSegmentThatIsNotListedIsAFault(listsNone: Bool) throws {
    try writeRun(temporary("run"), someEvents(3))
    if listsNone {
      try writeRun(temporary("empty"), [])
      try writeFile(
        temporary("run/manifest.json"), contents(of: temporary("empty/manifest.json")))
    } else {
      try writeFile(temporary("run/000002.events"), contents(of: temporary("run/000001.events")))
    }
    let name = listsNone ? "000001.events" : "000002.events"
    let inspection = try RunInspection(temporary("run"))
    #expect(inspection.problems == ["manifest.json does not list \(name)"])
    #expect(value("manifest", inspection) == .bool(false))
    #expect(fault { _ = try RecordedRun(temporary("run")) }?.found == "a segment \(name)")
  }

  @Test func arraysAreTold() throws {
    try writeFile(temporary("a.npy"), numpyBytes(shape: [3, 1]))
    let whole = try RunInspection(temporary("a.npy"))
    #expect(whole.isWhole && whole.lines.contains("shape (3, 1) of <f4"))
    try truncate(temporary("a.npy"), to: 90)
    #expect(try !RunInspection(temporary("a.npy")).isWhole)
  }

  @Test func otherFilesAreNotRecognised() throws {
    try writeFile(temporary("text"), Array("{}".utf8))
    try writeFile(temporary("segment"), someEvents(1))
    #expect(try !RunInspection.recognises(temporary("text")))
    #expect(try RunInspection.recognises(temporary("segment")))
    #expect(fault { _ = try RunInspection(temporary("text")) } != nil)
  }
}
