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
    let path = joined(folder, Self.fileName)
    let file = try OpenFile(opening: path, flags: O_CREAT | O_RDWR)
    var buffer: [UInt8] = Array(repeating: 0, count: 9)
    let count = try readStart(of: file.descriptor, path: path, into: &buffer)
    guard count == 0 || count == 8 else {
      throw FileFault(
        file: path, found: count > 8 ? "more than 8 bytes" : "\(count) bytes",
        expected: "8 bytes, the number of the last record published",
        remedy: "remove the file to publish the whole journal again")
    }
    number = buffer.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    self.file = file
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

private func readStart(
  of descriptor: CInt, path: String, into buffer: inout [UInt8]
) throws(SystemCallError) -> Int {
  try retryingOnInterrupt("read", file: path) { pread(descriptor, &buffer, buffer.count, 0) }
}
