import DurableFiles
import RunFiles
import TestSupport
import Testing

@Suite struct RunRecoveryTests {
  let temporary = TemporaryFolder()

  private func folder(_ name: String, _ files: [(String, [UInt8])]) throws -> String {
    let folder = temporary(name)
    // A run that is begun and left gives the folder.
    _ = try RunWriter(folder: folder, kind: .events, featureCount: 4)
    for (file, bytes) in files { try writeFile("\(folder)/\(file)", bytes) }
    return folder
  }

  /// Every length that a crash can leave of the last record.
  @Test func aTornTailIsCutAtEveryLength() throws {
    let whole = someEvents(3)
    for length in 160..<240 {
      let name = "000001.events.writing"
      let folder = try folder("run\(length)", [(name, Array(whole[..<length]))])
      let reader = try RecordedRun(folder)
      #expect(reader.recordCount == 2)
      #expect(reader.notes.contains { $0.contains("no whole record") } == (length > 160))
      let recovery = try recoverRun(folder)
      #expect(recovery.segments.map(\.name) == ["000001.events"])
      #expect(recovery.segments.map(\.openName) == [name])
      #expect(recovery.segments.map(\.recordCount) == [2])
      #expect(recovery.segments.map(\.cutByteCount) == [length - 160])
      #expect(recovery.segments.map(\.wrongRecordCount) == [0])
      #expect(try contents(of: "\(folder)/000001.events") == someEvents(2))
      #expect(names(in: folder) == ["000001.events"])
      #expect(try recoverRun(folder).segments.isEmpty)
    }
  }

  @Test func aTornTailOfAFlaggedSegmentIsCutAtEveryLength() throws {
    let whole = flaggedBytes(number: 1) + flaggedBytes(number: 2)
    for length in 160..<320 {
      let folder = try folder("j\(length)", [("000001.flagged.writing", Array(whole[..<length]))])
      let recovery = try recoverRun(folder)
      #expect(recovery.segments.map(\.recordCount) == [1])
      #expect(recovery.segments.map(\.cutByteCount) == [length - 160])
      #expect(try contents(of: "\(folder)/000001.flagged") == flaggedBytes(number: 1))
    }
  }

  /// A power failure may leave the file longer than what reached the disk.
  @Test(arguments: [1, 80, 4_096])
  func zerosAtTheEndAreATornTail(count: Int) throws {
    let bytes = someEvents(2) + [UInt8](repeating: 0, count: count)
    let folder = try folder("run", [("000001.events.writing", bytes)])
    #expect(try recoverRun(folder).segments.map(\.cutByteCount) == [count])
    #expect(try contents(of: "\(folder)/000001.events") == someEvents(2))
  }

  @Test func aWrongRecordInTheMiddleIsReportedAndKept() throws {
    var bytes = someEvents(4)
    bytes[80 + 70] ^= 1
    let folder = try folder("run", [("000001.events.writing", bytes + [1, 2, 3])])
    let recovery = try recoverRun(folder)
    #expect(recovery.segments.map(\.recordCount) == [4])
    #expect(recovery.segments.map(\.cutByteCount) == [3])
    #expect(recovery.segments.map(\.wrongRecordCount) == [1])
    #expect(recovery.segments.map(\.firstWrongRecord) == [1])
    #expect(recovery.lines.first?.contains("first is record 1") == true)
    #expect(try contents(of: "\(folder)/000001.events") == bytes)
  }

  @Test func aSegmentWithoutAWholeRecordIsRemoved() throws {
    let closed = ("000001.events", someEvents(1))
    for length in [0, 1, 63, 64, 79] {
      let torn = ("000002.events.writing", Array(someEvents(1)[..<length]))
      let folder = try folder("run\(length)", [closed, torn])
      let recovery = try recoverRun(folder)
      #expect(recovery.segments.map(\.name) == [nil])
      #expect(recovery.segments.map(\.cutByteCount) == [length])
      #expect(names(in: folder) == ["000001.events"])
    }
  }

  /// Bytes that are no record of any D are not thrown away.
  @Test func whatIsNoSegmentIsLeftAlone() throws {
    let bytes = [UInt8](repeating: 9, count: 500)
    let folder = try folder("run", [("000001.events.writing", bytes)])
    #expect(fault { try recoverRun(folder) }?.place == "byte 0")
    #expect(try contents(of: "\(folder)/000001.events.writing") == bytes)
  }

  @Test func aNumberThatExistsTwiceIsRefused() throws {
    let folder = try folder(
      "run", [("000001.events", someEvents(1)), ("000001.events.writing", someEvents(1))])
    #expect(fault { try recoverRun(folder) }?.found.contains("000001.events.writing") == true)
  }
}
