internal import DurableFiles
internal import Glibc

/// The segment that is being written. It holds whole records at all times: a write that fails half
/// way is taken back.
struct OpenSegment: ~Copyable {
  let name: SegmentName
  private(set) var byteCount = 0
  /// Its entry in the folder, which must reach the disk as well as its records.
  let entry: FolderEntry
  private let folder: String
  private let file: OpenFile
  private var hash = SHA256Stream()
  /// A failed write could not be taken back yet.
  private var isTorn = false

  /// Creates the file in `folder`. It must not exist.
  init(_ name: SegmentName, inFolder folder: String) throws(SystemCallError) {
    let path = joined(folder, name.description)
    file = try OpenFile(opening: path, flags: O_CREAT | O_EXCL | O_RDWR | O_APPEND)
    entry = FolderEntry(path)
    self.name = name
    self.folder = folder
  }

  /// Appends whole records. Where it throws nothing of them is kept, and it can be tried again.
  mutating func append(_ records: UnsafeRawBufferPointer) throws(SystemCallError) {
    try settle()
    do {
      try file.writeAll(records)
    } catch {
      isTorn = true
      try? settle()
      throw error
    }
    hash.update(records)
    byteCount += records.count
  }

  /// Takes back what a failed write may have left. Returns with whole records, or throws.
  mutating func settle() throws(SystemCallError) {
    guard isTorn else { return }
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
  func synchronise() throws(SystemCallError) {
    try file.synchronise()
    try entry.synchronise()
  }

  /// Makes the segment durable and gives it its final name, or removes it where nothing was
  /// written.
  mutating func close(recordByteCount: Int) throws -> RunManifest.Segment? {
    let openPath = joined(folder, name.description)
    try settle()
    if byteCount == 0 {
      try retryingOnInterrupt("remove", file: openPath) { unlink(openPath) }
      return nil
    }
    try file.synchronise()
    try renameExclusively(from: openPath, to: joined(folder, name.closed.description))
    return description(recordByteCount: recordByteCount)
  }

  /// Hands the segment, settled and not empty, over to be closed by another thread.
  consuming func closing(
    firstNumber: UInt64, recordByteCount: Int, summary: RunManifest.Summary
  ) -> ClosingSegment {
    precondition(byteCount > 0 && !isTorn)
    var description = description(recordByteCount: recordByteCount)
    description.summary = summary
    let segment = JournalSegment(
      name: name, firstNumber: firstNumber, recordCount: byteCount / recordByteCount,
      byteCount: byteCount, writtenS: time(nil))
    return ClosingSegment(segment, description: description, folder: folder, file: file)
  }

  private func description(recordByteCount: Int) -> RunManifest.Segment {
    RunManifest.Segment(
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
