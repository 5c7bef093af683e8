internal import DurableFiles
internal import Glibc

/// The segment that is being written. It holds whole records at all times: a write that fails half
/// way is taken back.
struct OpenSegment: ~Copyable {
  let name: SegmentName
  private(set) var byteCount = 0
  private let folder: String
  private let file: OpenFile
  private var hash = SHA256Stream()
  /// A failed write could not be taken back yet.
  private var isTorn = false

  /// Creates the file in `folder`. It must not exist.
  init(_ name: SegmentName, inFolder folder: String) throws(SystemCallError) {
    let path = joined(folder, name.description)
    let file = try OpenFile(opening: path, flags: O_CREAT | O_EXCL | O_RDWR | O_APPEND)
    try synchroniseFolder(of: path)
    self.name = name
    self.folder = folder
    self.file = file
  }

  /// Appends whole records. Where it throws nothing of them is kept, and it can be tried again.
  mutating func append(_ records: UnsafeRawBufferPointer) throws(SystemCallError) {
    if isTorn { try takeBack() }
    do {
      try file.writeAll(records)
    } catch {
      isTorn = true
      try? takeBack()
      throw error
    }
    hash.update(records)
    byteCount += records.count
  }

  private mutating func takeBack() throws(SystemCallError) {
    try file.truncate(to: byteCount)
    isTorn = false
  }

  /// Reads back what was written.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(SystemCallError) -> Int {
    try file.read(into: buffer, at: offset)
  }

  /// A second handle of the file.
  func duplicatedFile() throws(SystemCallError) -> OpenFile { try file.duplicate() }

  /// Returns when all that was appended is on the disk.
  func synchronise() throws(SystemCallError) { try file.synchronise() }

  /// Makes the segment durable and gives it its final name, or removes it where nothing was
  /// written.
  mutating func close(recordByteCount: Int) throws -> RunManifest.Segment? {
    let openPath = joined(folder, name.description)
    if isTorn { try takeBack() }
    if byteCount == 0 {
      try retryingOnInterrupt("remove", file: openPath) { unlink(openPath) }
      return nil
    }
    try file.synchronise()
    try renameExclusively(from: openPath, to: joined(folder, name.closed.description))
    return RunManifest.Segment(
      name: name.closed.description, recordCount: byteCount / recordByteCount,
      byteCount: byteCount, sha256: hash.digest().description)
  }
}

/// Renames a file to a name that must be free, durably.
func renameExclusively(from old: String, to new: String) throws {
  try refuseExisting(new, unless: false)
  try retryingOnInterrupt("rename", file: old) { rename(old, new) }
  try synchroniseFolder(of: new)
}
