internal import DurableFiles
internal import Glibc

/// The lines of a file, with one of them in memory at a time. Holes are not read through.
struct TextLines {
  private let file: any StoredFile
  private static let lineFeed = UInt8(ascii: "\n")
  /// No line that a daemon writes is nearly as long; a longer one is shown cut.
  private static let lineByteCountMax = 1 << 24

  init(_ file: any StoredFile) { self.file = file }

  /// Shows each line, without its line feed, and whether it has an end. The zeros at the end of the file
  /// are none; a hole within a line is one zero.
  func forEach(_ body: ([UInt8], _ isCut: Bool) -> Void) throws(SystemCallError) {
    let end = try file.endWithoutZeros()
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { piece.deallocate() }
    var line: [UInt8] = []
    var offset = 0
    while offset < end, let range = try file.writtenRange(from: offset) {
      if range.lowerBound > offset { line.append(0) }
      offset = range.lowerBound
      let rangeEnd = min(range.upperBound, end)
      while offset < rangeEnd {
        let wanted = min(piece.count, rangeEnd - offset)
        let count = try file.read(
          into: UnsafeMutableRawBufferPointer(rebasing: piece[..<wanted]), at: offset)
        // Somebody has cut the file.
        if count == 0 { return finish(line, body) }
        split(UnsafeRawBufferPointer(rebasing: piece[..<count]), &line, body)
        offset += count
      }
    }
    finish(line, body)
  }

  private func split(
    _ bytes: UnsafeRawBufferPointer, _ line: inout [UInt8], _ body: ([UInt8], Bool) -> Void
  ) {
    var rest = bytes
    while let base = rest.baseAddress, rest.count > 0 {
      let found = memchr(base, Int32(Self.lineFeed), rest.count)
      let count = found.map { base.distance(to: UnsafeRawPointer($0)) } ?? rest.count
      line += rest[..<min(count, max(0, Self.lineByteCountMax - line.count))]
      guard found != nil else { return }
      body(line, line.count >= Self.lineByteCountMax)
      line.removeAll(keepingCapacity: true)
      rest = UnsafeRawBufferPointer(rebasing: rest[(count + 1)...])
    }
  }

  private func finish(_ line: [UInt8], _ body: ([UInt8], Bool) -> Void) {
    if !line.isEmpty { body(line, true) }
  }
}
