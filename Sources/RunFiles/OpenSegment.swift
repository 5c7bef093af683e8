internal import DurableFiles
internal import Glibc

/// The segment that is being written. It holds whole records at all times: a write that fails half
/// way is undone.
struct OpenSegment: ~Copyable {
  let name: SegmentName
  private(set) var byteCount = 0
  let file: SegmentFile
  private let store: any FolderStore
  private var hash = SHA256Stream()
  /// A failed write could not be undone yet.
  private var isTorn = false

  /// Creates the file in `store`. It must not exist.
  init(_ name: SegmentName, in store: any FolderStore) throws(SystemCallError) {
    file = try SegmentFile(name, in: store)
    self.name = name
    self.store = store
  }

  /// Appends whole records. Where this throws, none of them is kept, and the call can be repeated.
  mutating func append(_ records: UnsafeRawBufferPointer) throws(SystemCallError) {
    try settle()
    do {
      try file.write(records, at: byteCount)
    } catch {
      isTorn = true
      try? settle()
      throw error
    }
    hash.update(records)
    byteCount += records.count
  }

  /// Undoes a failed write. Returns with whole records, or throws.
  mutating func settle() throws(SystemCallError) {
    guard isTorn else { return }
    try file.truncate(to: byteCount)
    isTorn = false
  }

  /// Returns when all that was appended is on the disk.
  func synchronise() throws(SystemCallError) { try file.synchronise(through: byteCount) }

  /// Makes the segment durable and gives it its final name, or removes it where nothing was
  /// written.
  mutating func close(recordByteCount: Int) throws -> RunManifest.Segment? {
    try settle()
    if byteCount == 0 {
      try store.remove(name.description)
      return nil
    }
    try synchronise()
    try store.rename(name.description, to: name.closed.description, replacing: false)
    try store.synchronise()
    return description(recordByteCount: recordByteCount)
  }

  /// Hands the segment, settled and not empty, over to be closed by another thread.
  consuming func closing(
    firstNumber: UInt64, recordByteCount: Int, summary: RunManifest.Summary, writtenS: Int
  ) -> ClosingSegment {
    precondition(byteCount > 0 && !isTorn)
    var description = description(recordByteCount: recordByteCount)
    description.summary = summary
    let segment = JournalSegment(
      name: name, firstNumber: firstNumber, recordCount: byteCount / recordByteCount,
      byteCount: byteCount, writtenS: writtenS)
    return ClosingSegment(segment, description: description, store: store, file: file)
  }

  private func description(recordByteCount: Int) -> RunManifest.Segment {
    RunManifest.Segment(
      name: name.closed.description, recordCount: byteCount / recordByteCount,
      byteCount: byteCount, sha256: hash.digest().description)
  }
}
