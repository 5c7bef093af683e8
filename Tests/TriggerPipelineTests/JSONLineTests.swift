import DurableFiles
import Foundation
import Testing
import TriggerPipeline

/// Lines that a full disk or a kill has cut cost themselves and nothing else.
@Suite struct JSONLineTests {
  private final class Folder {
    let path = FileManager.default.temporaryDirectory.appending(path: "tamis-lines-\(UUID())").path
    init() throws {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    func write(_ bytes: [UInt8]) throws {
      try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/l.jsonl"))
    }
    func bytes() throws -> [UInt8] {
      [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(path)/l.jsonl")))
    }
    func lines() throws -> JSONLines { try JSONLines("l.jsonl", in: DiskFolder(path)) }
  }

  private func append(_ texts: [String], in folder: Folder) throws {
    let file = try JSONLineFile("l.jsonl", in: DiskFolder(folder.path))
    for text in texts { try file.append(text) }
    try file.synchronise()
  }

  @Test func aLineEndsWithTheChecksumOfWhatIsBefore() throws {
    let folder = try Folder()
    try append(["{\"a\": 1}"], in: folder)
    // CRC-32C of `{"a": 1`.
    #expect(
      String(decoding: try folder.bytes(), as: UTF8.self).hasPrefix("{\"a\": 1, \"crc32c\": \""))
    let lines = try folder.lines()
    #expect(lines.places.count == 1 && lines.notes.isEmpty)
  }

  /// A file is cut anywhere and then continued: every other line is read.
  @Test func aTornLineIsLeftOutAndTold() throws {
    let folder = try Folder()
    try append(["{\"a\": 1}", "{\"a\": 2}"], in: folder)
    let whole = try folder.bytes()
    let firstEnd = try #require(whole.firstIndex(of: 10))
    for cut in firstEnd + 2..<whole.count {
      try folder.write(Array(whole[..<cut]))
      #expect(try folder.lines().places.count == 1)
      try append(["{\"a\": 3}"], in: folder)
      let lines = try folder.lines()
      // Only the line feed was missing: the line is whole.
      let isWhole = cut == whole.count - 1
      #expect(lines.places.count == (isWhole ? 3 : 2) && lines.wrongLineCount == (isWhole ? 0 : 1))
    }
  }

  @Test func anAlteredByteIsFound() throws {
    let folder = try Folder()
    try append(["{\"a\": 1}", "{\"b\": 2}"], in: folder)
    let whole = try folder.bytes()
    for index in whole.indices.dropLast() {
      var bytes = whole
      bytes[index] ^= 1
      try folder.write(bytes)
      let lines = try folder.lines()
      #expect(lines.places.count < 2 || lines.wrongLineCount > 0 || !lines.places.isEmpty)
    }
  }

  /// Who waits for the disk to have a line compares where it ends with what is durable.
  @Test func whatIsOnTheDiskIsKnown() throws {
    let folder = try Folder()
    try append(["{\"a\": 1}"], in: folder)
    let file = try JSONLineFile("l.jsonl", in: DiskFolder(folder.path))
    // What the process before has written may be in memory alone.
    let byteCount = try folder.bytes().count
    #expect(file.durableEnd == 0 && file.end == byteCount)
    try file.synchronise()
    #expect(file.durableEnd == file.end)
    let before = file.end
    try file.append("{\"a\": 2}")
    let byteCountNow = try folder.bytes().count
    #expect(file.durableEnd == before && file.end == byteCountNow)
    try file.synchronise()
    #expect(file.durableEnd == file.end)
  }

  @Test func linesWithoutAChecksumAreRead() throws {
    let folder = try Folder()
    try folder.write(Array("{\"a\": 1}\n{\"a\": {\"a\": 2}\n\n{\"a\": 3}\n".utf8))
    let lines = try folder.lines()
    #expect(lines.places.count == 2 && lines.wrongLineCount == 1)
    #expect(lines.notes.first?.contains("line 2: left out") == true)
  }

  /// Zeros at the end are what a power failure leaves, and a file that somebody has made longer: no line
  /// has one. They are told, and cut off; the lines before them are as good as ever.
  @Test(arguments: [1, 700, 100_000, 3 << 30, 1 << 42]) func zerosAtTheEndAreCutOff(count: Int)
    throws
  {
    let folder = try Folder()
    try append(["{\"a\": 1}", "{\"a\": 2}"], in: folder)
    let whole = try folder.bytes()
    let store = DiskFolder(folder.path)
    try store.open("l.jsonl", .writing).truncate(to: whole.count + count)
    let lines = try folder.lines()
    #expect(lines.places.count == 2 && lines.wrongLineCount == 1)
    #expect(
      lines.notes == [
        "\(folder.path)/l.jsonl: found \(whole.count + count) bytes, expected \(whole.count): the others are "
          + "zeros, which no line has; they are left out"
      ])
    let file = try JSONLineFile("l.jsonl", in: store)
    #expect(file.endAtOpening == whole && file.end == whole.count)
    #expect(try store.status(of: "l.jsonl")?.byteCount == whole.count)
    try file.append("{\"a\": 3}")
    let after = try folder.lines()
    #expect(after.places.count == 3 && after.notes.isEmpty)
  }

  /// A line behind a hole is read; the hole costs the line that it is in.
  @Test func aHoleBetweenLinesIsNotReadThrough() throws {
    let folder = try Folder()
    try append(["{\"a\": 1}", "{\"a\": 2}"], in: folder)
    let whole = try folder.bytes()
    let file = try DiskFolder(folder.path).open("l.jsonl", .writing)
    try whole.withUnsafeBytes { try file.write($0, at: 1 << 42) }
    let lines = try folder.lines()
    #expect(lines.places.count == 3 && lines.wrongLineCount == 1)
    #expect(lines.notes.first?.contains("l.jsonl, line 3: left out") == true)
  }
}
