import DurableFiles
import EventRecords
import Glibc
import RunFiles
import StrictJSON
import TestSupport
import Testing

/// Writes records in one call and closes the run.
@discardableResult
func writeRun(
  _ folder: String, _ records: [UInt8], kind: RunKind = .events, featureCount: Int = 4,
  featureNames: [String]? = nil, segmentByteCountMax: Int = 1 << 30,
  extras: JSONObject = [:]
) throws -> RunManifest {
  let writer = try RunWriter(
    folder: folder, kind: kind, featureCount: featureCount, featureNames: featureNames,
    segmentByteCountMax: segmentByteCountMax)
  try records.withUnsafeBytes { try writer.append(records: $0) }
  return try writer.finish(extras: extras)
}

@Suite struct RunWriterTests {
  let temporary = TemporaryFolder()

  @Test func theFileIsTheWire() throws {
    let records = someEvents(10)
    let manifest = try writeRun(temporary("run"), records)
    #expect(names(in: temporary("run")) == ["000001.events", "manifest.json"])
    #expect(try contents(of: temporary("run/000001.events")) == records)
    #expect(manifest.recordCount == 10 && manifest.segments.count == 1)
    #expect(
      manifest.segments[0].sha256
        == (try SHA256Digest(ofFile: temporary("run/000001.events"))).description)
  }

  @Test(arguments: [1, 80, 160, 250, 400, 1_000_000])
  func segmentsEndAtTheLimitOnWholeRecords(limit: Int) throws {
    let records = someEvents(13)
    let manifest = try writeRun(temporary("run"), records, segmentByteCountMax: limit)
    let perSegment = max(1, limit / 80)
    let expected = stride(from: 0, to: 13, by: perSegment).map { min(perSegment, 13 - $0) }
    #expect(manifest.segments.map(\.recordCount) == expected)
    #expect(manifest.segments.first?.name == "000001.events")
    let joined = try manifest.segments.flatMap { segment in
      try contents(of: temporary("run/\(segment.name)"))
    }
    #expect(joined == records)
    for segment in manifest.segments {
      let digest = try SHA256Digest(ofFile: temporary("run/\(segment.name)"))
      #expect(segment.sha256 == digest.description && segment.byteCount <= max(limit, 80))
    }
  }

  @Test func moreThanTheBufferIsWritten() throws {
    let records = someEvents(30_000)
    try writeRun(temporary("run"), records)
    #expect(try contents(of: temporary("run/000001.events")) == records)
  }

  @Test func theManifestCountsKindsSourcesGapsAndTimes() throws {
    var records: [UInt8] = []
    func add(_ kind: RecordKind, source: UInt32, run: UInt32, sequence: UInt64, time: UInt64) {
      records += eventBytes(
        EventHeader(
          kind: kind, source: source, run: run, featureCount: 4, sequence: sequence, timeNs: time))
    }
    add(.beginOfRun, source: 2, run: 7, sequence: 1, time: 50)
    add(.event, source: 2, run: 7, sequence: 2, time: 40)
    add(.event, source: 1, run: 7, sequence: 3, time: 60)
    add(.event, source: 2, run: 7, sequence: 6, time: 61)
    add(.heartbeat, source: 2, run: 7, sequence: 4, time: 62)
    add(.heartbeat, source: 2, run: 7, sequence: 4, time: 62)
    add(.endOfRun, source: 2, run: 7, sequence: 7, time: 80)
    add(.beginOfRun, source: 2, run: 8, sequence: 1, time: 70)
    let names = ["a", "b", "c", "d"]
    try writeRun(
      temporary("run"), records, featureNames: names,
      extras: ["program": .string("tamis 0.1.0"), "records": .integer(99)])
    let manifest = try #require(try RunManifest.read(inFolder: temporary("run")))
    #expect(manifest.kind == .events && manifest.featureCount == 4)
    #expect(manifest.featureNames == names)
    #expect(manifest.schema == schemaPrefix(featureNames: names))
    #expect(manifest.recordCount == 8 && manifest.runs == [7, 8])
    #expect(
      manifest.counts == ["event": 3, "begin_of_run": 2, "end_of_run": 1, "heartbeat": 2])
    #expect(manifest.firstTimeNs == 40 && manifest.lastTimeNs == 80)
    #expect(manifest.sources.map(\.run) == [7, 7, 8])
    #expect(manifest.sources.map(\.source) == [1, 2, 2])
    #expect(manifest.sources.map(\.recordCount) == [1, 6, 1])
    #expect(manifest.sources.map(\.firstSequence) == [3, 1, 1])
    #expect(manifest.sources.map(\.lastSequence) == [3, 7, 1])
    #expect(manifest.sources.map(\.lost) == [2, 2, 0])
    #expect(manifest.sources.map(\.late) == [0, 1, 0])
    #expect(manifest.sources.map(\.repeated) == [0, 1, 0])
    // An extra section is kept, but cannot replace a field.
    #expect(manifest.extras == ["program": .string("tamis 0.1.0")])
  }

  @Test func anEmptyRunHasAManifestAlone() throws {
    let manifest = try writeRun(temporary("run"), [])
    #expect(names(in: temporary("run")) == ["manifest.json"])
    #expect(manifest.segments.isEmpty && manifest.firstTimeNs == nil)
    #expect(try RecordedRun(temporary("run")).recordCount == 0)
  }

  @Test func anotherRunIsNotReplacedByAccident() throws {
    try writeRun(temporary("run"), someEvents(3), segmentByteCountMax: 80)
    try writeFile(temporary("run/notes.txt"), [1])
    let refused = fault { try writeRun(temporary("run"), []) }
    #expect(refused?.file == temporary("run"))
    #expect(refused?.remedy?.contains("--force") == true)
    let writer = try RunWriter(
      folder: temporary("run"), kind: .events, featureCount: 4, replacing: true)
    #expect(names(in: temporary("run")) == ["notes.txt"])
    try writer.finish()
    #expect(names(in: temporary("run")) == ["manifest.json", "notes.txt"])
  }

  @Test func aLiveJournalIsNotReplaced() throws {
    let journal = try FlaggedJournal(folder: temporary("journal"), featureCount: 4)
    let refused = fault {
      _ = try RunWriter(
        folder: temporary("journal"), kind: .flagged, featureCount: 4, replacing: true)
    }
    #expect(refused?.found.contains("process") == true)
    withExtendedLifetime(journal) {}
  }

  /// What a kill can leave: any of a run's files without the others.
  @Test(
    arguments: [
      ["000001.events", "000001.events.writing"], ["000001.events.writing"],
      ["000001.events.writing.again"], ["manifest.json"], ["manifest.json.new"],
      ["000002.events"], ["000001.events", "manifest.json.new"],
      ["000001.flagged", "000002.events"],
      ["000001.flagged", "decisions.jsonl", "manifest.json"], ["1000000.events", "999999.events"],
    ])
  func whatAKilledWriterLeftIsReplaced(files: [String]) throws {
    try writeRun(temporary("other"), someEvents(1))
    mkdir(temporary("run"), 0o755)
    let begun = [[], [0x54, 0x4D], [0, 0, 0, 0, 0]][files.count % 3] as [UInt8]
    for name in files {
      try writeFile(
        temporary("run/\(name)"),
        name == "manifest.json" ? contents(of: temporary("other/manifest.json")) : begun)
    }
    #expect(fault { try writeRun(temporary("run"), []) }?.remedy?.contains("--force") == true)
    let writer = try RunWriter(
      folder: temporary("run"), kind: .events, featureCount: 4, replacing: true)
    #expect(names(in: temporary("run")) == [])
    try someEvents(3).withUnsafeBytes { try writer.append(records: $0) }
    try writer.finish()
    #expect(try RunInspection(temporary("run")).isWhole)
  }

  @Test(
    arguments: [
      ["notes.txt"], ["manifest.json"], ["manifest.json", "app.js"], ["decisions.jsonl"],
      ["numbers", "000001.flagged"], ["published", "manifest.json"], ["1.events", "000001.csv"],
      ["000001.events"], ["000001.events.writing"], ["ledger.jsonl", "notes"],
    ])
  func aFolderThatIsNoRunIsNotReplaced(files: [String]) throws {
    mkdir(temporary("run"), 0o755)
    for name in files { try writeFile(temporary("run/\(name)"), Array("{}".utf8)) }
    let refused = fault {
      _ = try RunWriter(
        folder: temporary("run"), kind: .events, featureCount: 4, replacing: true)
    }
    #expect(refused?.file == temporary("run"))
    #expect(names(in: temporary("run")) == files.sorted())
  }

  /// Of a journal whose other files were lost.
  @Test(arguments: ["ledger.jsonl", "ledger.open", "numbers", "deleted"])
  func whatIsLeftOfAJournalIsNotReplaced(name: String) throws {
    mkdir(temporary("run"), 0o755)
    try writeFile(temporary("run/000001.flagged"), [])
    try writeFile(temporary("run/\(name)"), [])
    let refused = fault {
      _ = try RunWriter(
        folder: temporary("run"), kind: .events, featureCount: 4, replacing: true)
    }
    #expect(refused?.found == "a daemon's journal, which has a file \(name)")
    #expect(names(in: temporary("run")) == ["000001.flagged", name].sorted())
  }

  @Test func aRunThatIsBeingWrittenIsNotReplaced() throws {
    let writer = try RunWriter(folder: temporary("run"), kind: .events, featureCount: 4)
    try someEvents(3).withUnsafeBytes { try writer.append(records: $0) }
    try writer.flush()
    for replacing in [false, true] {
      let refused = fault {
        _ = try RunWriter(
          folder: temporary("run"), kind: .events, featureCount: 4, replacing: replacing)
      }
      #expect(refused?.found == "a folder that another process writes")
    }
    #expect(try RunInspection(temporary("run")).lines.last == "whole so far")
    #expect(try RecordedRun(temporary("run")).notes.contains { $0.contains("still being written") })
    try writer.finish()
    #expect(try RunInspection(temporary("run")).lines.last == "whole")
  }

  @Test(arguments: [true, false]) func aRunThatIsDiscardedLeavesNothing(isNew: Bool) throws {
    if !isNew { mkdir(temporary("run"), 0o755) }
    do {
      let writer = try RunWriter(
        folder: temporary("run"), kind: .events, featureCount: 4, segmentByteCountMax: 80,
        unfinished: .isDiscarded)
      try someEvents(3).withUnsafeBytes { try writer.append(records: $0) }
      try writer.flush()
      #expect(names(in: temporary("run")).count == 3)
    }
    #expect(names(in: temporary.path) == (isNew ? [] : ["run"]))
    if !isNew { #expect(names(in: temporary("run")) == []) }
  }

  @Test func aMissingParentIsNamed() {
    #expect(throws: SystemCallError.self) {
      _ = try RunWriter(folder: temporary("no/run"), kind: .events, featureCount: 4)
    }
  }

  @Test func withoutFinishTheSegmentStaysOpen() throws {
    do {
      let writer = try RunWriter(folder: temporary("run"), kind: .events, featureCount: 4)
      try someEvents(3).withUnsafeBytes { try writer.append(records: $0) }
      #expect(writer.recordCount == 3)
      try writer.synchronise()
      #expect(try contents(of: temporary("run/000001.events.writing")) == someEvents(3))
      try someEvents(1, first: 4).withUnsafeBytes { try writer.append(records: $0) }
    }
    #expect(names(in: temporary("run")) == ["000001.events.writing"])
    #expect(try contents(of: temporary("run/000001.events.writing")) == someEvents(4))
    // Readers take what is there, and say what is not.
    let notes = try RecordedRun(temporary("run")).notes
    #expect(notes.contains { $0.hasPrefix("not finished: there is no manifest.json") })
    #expect(notes.contains("its last whole record is sequence 4 of run 7, source 1"))
    let inspection = try RunInspection(temporary("run"))
    #expect(inspection.problems.count == 1 && inspection.lines.last == "not whole")
    #expect(inspection.problems.first?.hasPrefix("not finished") == true)
  }

  @Test(
    arguments: [
      ("{", "line 1, column 2"), ("{}", nil), (#"{"format": "tamis-run/2"}"#, "format"),
      (#"{"format": "tamis-run/1", "kind": "photos"}"#, "kind"),
      (#"{"format": "tamis-run/1", "kind": "events", "features": 70000}"#, "features"),
      (#"{"format": "tamis-run/1", "kind": "events", "features": 4, "schema": "x"}"#, "schema"),
    ] as [(String, String?)])
  func aWrongManifestSaysWhere(text: String, place: String?) throws {
    try writeRun(temporary("run"), someEvents(1))
    try writeFile(temporary("run/manifest.json"), Array(text.utf8))
    let found = fault { _ = try RunManifest.read(inFolder: temporary("run")) }
    #expect(found?.file == temporary("run/manifest.json"))
    #expect(found?.place == place)
  }
}
