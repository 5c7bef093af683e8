internal import DurableFiles
internal import Glibc

/// The file `deleted` in a journal's folder: what retention has taken out of it since its first
/// record. 32 bytes, four u64, little-endian; there is none while nothing was deleted and nothing
/// may be.
public struct DeletedRecords: Equatable, Sendable {
  static let fileName = "deleted"
  static let byteCount = 32

  /// The highest number deleted; 0 while none was. Records at or below it may still be there, where
  /// somebody has put a segment back.
  public var number: UInt64 = 0
  /// Records deleted that had been published.
  public var published: UInt64 = 0
  /// Records deleted that had not: lost, because the configuration allows it.
  public var unpublished: UInt64 = 0
  /// The highest number of a segment file deleted: no later one has its name.
  var segmentIndex: UInt64 = 0

  /// Nothing was deleted.
  init() {}

  /// Reads what the journal in `folder` says; nothing where there is no such file.
  /// - Throws: `FileFault` where the file is not one, `SystemCallError`.
  public init(inFolder folder: String) throws {
    let path = joined(folder, Self.fileName)
    guard access(path, F_OK) == 0 else { return }
    let file = try MappedFile(path)
    guard file.bytes.count == Self.byteCount, let base = file.bytes.baseAddress else {
      throw FileFault(
        file: path, found: "\(file.bytes.count) bytes",
        expected: "32 bytes, what was deleted from the journal",
        remedy: "remove the file; the counts of deleted records then begin again")
    }
    withExtendedLifetime(file) {
      number = base.field(0)
      published = base.field(8)
      unpublished = base.field(16)
      segmentIndex = base.field(24)
    }
  }

  /// Writes the file in its place, durably. The file is not made longer: what is there once can be
  /// written on a full disk.
  func write(inFolder folder: String) throws {
    let path = joined(folder, Self.fileName)
    let file = try OpenFile(opening: path, flags: O_CREAT | O_RDWR)
    var bytes = InlineArray<4, UInt64>(repeating: 0)
    bytes[0] = number.littleEndian
    bytes[1] = published.littleEndian
    bytes[2] = unpublished.littleEndian
    bytes[3] = segmentIndex.littleEndian
    let written = try retryingOnInterrupt("write", file: path) {
      withUnsafeBytes(of: bytes) { pwrite(file.descriptor, $0.baseAddress, Self.byteCount, 0) }
    }
    guard written == Self.byteCount else {
      throw SystemCallError("write", file: path, code: ENOSPC)
    }
    try file.synchronise()
  }
}
