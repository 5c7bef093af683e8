internal import DurableFiles
internal import Glibc

/// The file `published` in a journal's folder: the number of the last flagged record that went out,
/// 8 bytes little-endian. It survives the end of the process at once, a power failure after
/// `synchronise`.
struct PublishedCursor: ~Copyable {
  static let fileName = "published"

  /// 0 before the first.
  private(set) var number: UInt64
  private let file: OpenFile

  init(folder: String) throws {
    let file = try OpenFile(opening: joined(folder, Self.fileName), flags: O_CREAT | O_RDWR)
    number = try readNumber(file)
    self.file = file
  }

  /// The number in a journal that another process may be writing; nil where there is no such file.
  static func read(inFolder folder: String) throws -> UInt64? {
    let path = joined(folder, Self.fileName)
    guard access(path, F_OK) == 0 else { return nil }
    return try readNumber(OpenFile(opening: path, flags: O_RDONLY))
  }

  mutating func advance(to number: UInt64) throws(SystemCallError) {
    let descriptor = file.descriptor
    let written = try retryingOnInterrupt("write", file: file.path) {
      withUnsafeBytes(of: number.littleEndian) { pwrite(descriptor, $0.baseAddress, 8, 0) }
    }
    guard written == 8 else { throw SystemCallError("write", file: file.path, code: ENOSPC) }
    self.number = number
  }

  /// A second handle of the file.
  func duplicatedFile() throws(SystemCallError) -> OpenFile { try file.duplicate() }

  func synchronise() throws(SystemCallError) { try file.synchronise() }
}

private func readNumber(_ file: borrowing OpenFile) throws -> UInt64 {
  var buffer: [UInt8] = Array(repeating: 0, count: 9)
  let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
  guard count == 0 || count == 8 else {
    throw FileFault(
      file: file.path, found: count > 8 ? "more than 8 bytes" : "\(count) bytes",
      expected: "8 bytes, the number of the last record published",
      remedy: "remove the file to publish the whole journal again")
  }
  return buffer.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
}
