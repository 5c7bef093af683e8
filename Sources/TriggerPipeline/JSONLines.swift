package import DurableFiles
internal import EventRecords
internal import RunFiles
package import StrictJSON

/// A file of one JSON value a line, such as the journal's `ledger.jsonl`, read whole. A line that
/// is torn or altered is left out and reported; the other lines are read.
package struct JSONLines {
  /// The values, each with its line for messages.
  package private(set) var places: [JSONPlace] = []
  /// One note for each line that was left out; the last note gives the number of further ones.
  package private(set) var notes: [String] = []
  /// Lines that were left out.
  package private(set) var wrongLineCount = 0

  private static let notesMax = 10
  private static let lineFeed = UInt8(ascii: "\n")
  private static let memberStart = Array(", \"crc32c\": \"".utf8)
  private static let memberEnd = Array("\"}".utf8)
  private static let digitCount = 8

  /// Reads `path`.
  package init(_ path: String) throws {
    try self.init(lastComponent(path), in: DiskFolder(folder(of: path)), path: path)
  }

  /// Reads the file `name` of `store`.
  package init(_ name: String, in store: any FolderStore, path: String? = nil) throws {
    let path = path ?? store.path(of: name)
    let file = try store.open(name, .reading)
    var number = 0
    try TextLines(file).forEach { line, isCut in
      number += 1
      if !line.isEmpty { take(line[...], "\(path), line \(number)", isCut) }
    }
    if let addition = try Self.addition(to: file) {
      wrongLineCount += 1
      notes.append("\(path): \(addition); they are left out")
    }
    noteFurtherLines(path)
  }

  /// Reads what a file holds; `path` names it in notes.
  package init(_ content: [UInt8], name path: String) {
    var (start, number) = (0, 0)
    while start < content.count {
      let end = content[start...].firstIndex(of: Self.lineFeed) ?? content.count
      number += 1
      if end > start { take(content[start..<end], "\(path), line \(number)", end == content.count) }
      start = end + 1
    }
    noteFurtherLines(path)
  }

  private mutating func noteFurtherLines(_ path: String) {
    guard wrongLineCount > Self.notesMax else { return }
    notes.append("\(path): \(wrongLineCount - Self.notesMax) more lines are left out")
  }

  /// Says what of the file `name` is damaged: lines, and zeros at its end, which opening the file to
  /// write cuts off; nil where nothing is. Reads with one line in memory at a time, and does not parse
  /// lines with a right checksum.
  static func damage(of name: String, in store: any FolderStore) throws(SystemCallError) -> String?
  {
    guard try store.status(of: name) != nil else { return nil }
    let file = try store.open(name, .reading)
    var (lineCount, wrongCount, firstWrong) = (0, 0, 0)
    try TextLines(file).forEach { line, isCut in
      lineCount += 1
      if line.isEmpty || !isCut && isSound(line) { return }
      wrongCount += 1
      if firstWrong == 0 { firstWrong = lineCount }
    }
    let wrong =
      wrongCount > 0
      ? "\(wrongCount) of \(lineCount) lines are damaged, the first is line \(firstWrong); they are left "
        + "out" : nil
    let added = try addition(to: file).map { "\($0); they are cut off" }
    let damage = [wrong, added].compactMap(\.self)
    return damage.isEmpty
      ? nil : "\(store.path(of: name)): \(damage.joined(separator: "; "))"
  }

  /// Zeros behind the last line: nobody writes them but a power failure, or who makes a file longer.
  private static func addition(to file: any StoredFile) throws(SystemCallError) -> String? {
    let (byteCount, end) = (try file.status().byteCount, try file.endWithoutZeros())
    guard end < byteCount else { return nil }
    return "found \(byteCount) bytes, expected \(end): the others are zeros, which no line has"
  }

  private static func isSound(_ line: [UInt8]) -> Bool {
    let memberCount = memberStart.count + digitCount + memberEnd.count
    if line.count > memberCount, line.suffix(memberCount).starts(with: memberStart) {
      return !hasWrongChecksum(line[...])
    }
    return (try? line.withUnsafeBytes { try JSONValue(parsing: $0) }) != nil
  }

  private mutating func take(_ line: ArraySlice<UInt8>, _ name: String, _ isCut: Bool) {
    if isCut { return leaveOut(name, "it has no end") }
    if Self.hasWrongChecksum(line) { return leaveOut(name, "its checksum is wrong") }
    do {
      let value = try line.withUnsafeBytes { try JSONValue(parsing: $0) }
      places.append(JSONPlace(root: value, file: name))
    } catch {
      leaveOut(name, "\(error)")
    }
  }

  private mutating func leaveOut(_ name: String, _ reason: String) {
    wrongLineCount += 1
    if wrongLineCount <= Self.notesMax {
      notes.append("\(name): left out: \(reason); a full disk or a kill may have cut it")
    }
  }

  /// Lines written before 2026-11 have no checksum, which is no fault.
  private static func hasWrongChecksum(_ line: ArraySlice<UInt8>) -> Bool {
    let memberCount = memberStart.count + digitCount + memberEnd.count
    guard line.count > memberCount else { return false }
    let text = line.dropLast(memberCount)
    let member = line[text.endIndex...]
    guard member.starts(with: memberStart), member.suffix(memberEnd.count) == memberEnd[...] else {
      return false
    }
    let digits = member.dropFirst(memberStart.count).prefix(digitCount)
    return digits != checksumDigits(Array(text))[...]
  }

  private static func checksumDigits(_ text: [UInt8]) -> [UInt8] {
    let checksum = text.withUnsafeBytes { crc32c($0) }
    let digits = String(checksum, radix: 16)
    return Array((String(repeating: "0", count: digitCount - digits.count) + digits).utf8)
  }

  /// The JSON object `text` as a line with its checksum, line feed included.
  static func sealed(_ text: String) -> [UInt8] {
    let open = Array(text.utf8.dropLast())
    return open + memberStart + checksumDigits(open) + memberEnd + [lineFeed]
  }
}
