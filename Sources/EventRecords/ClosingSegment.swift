internal import DurableFiles
internal import Glibc
internal import Synchronization

/// A full segment of a journal on its way to its final name. It has to reach the disk before it is
/// renamed, and waiting for that is for another thread than the one that writes the next segment.
///
/// `@unchecked`: the file is read by the journal's owner and synchronised by the thread that closes,
/// which the system allows on one descriptor; all else is constant or locked.
final class ClosingSegment: @unchecked Sendable {
  /// Its records, under the name that it had when it was handed over.
  let segment: JournalSegment
  /// What the manifest will say of it.
  let description: RunManifest.Segment

  private enum Progress { case written, renamed, closed }

  private let folder: String
  private let file: OpenFile
  private let progress = Mutex(Progress.written)
  private let hasClosed = Atomic<Bool>(false)

  init(
    _ segment: JournalSegment, description: RunManifest.Segment, folder: String,
    file: consuming OpenFile
  ) {
    self.segment = segment
    self.description = description
    self.folder = folder
    self.file = file
  }

  /// Whether the segment has its final name, on the disk. Never waits.
  var isClosed: Bool { hasClosed.load(ordering: .acquiring) }

  /// Returns when the segment has its final name on the disk; goes on where a failed call stopped.
  func run() throws {
    try progress.withLock { progress in
      let path = joined(folder, segment.name.description)
      let closedPath = joined(folder, segment.name.closed.description)
      if progress == .written {
        try file.synchronise()
        try refuseExisting(closedPath, unless: false)
        try retryingOnInterrupt("rename", file: path) { rename(path, closedPath) }
        progress = .renamed
      }
      if progress == .renamed {
        try synchroniseFolder(of: closedPath)
        progress = .closed
      }
      hasClosed.store(true, ordering: .releasing)
    }
  }

  /// Reads back what was written.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(SystemCallError) -> Int {
    try file.read(into: buffer, at: offset)
  }
}

/// A new file's entry in its folder: without it on the disk a power failure may take the file,
/// whatever of its content was there.
final class FolderEntry: Sendable {
  private let path: String
  private let isDurable = Atomic<Bool>(false)

  init(_ path: String) { self.path = path }

  /// Returns when the entry is on the disk. Waits once.
  func synchronise() throws(SystemCallError) {
    if isDurable.load(ordering: .acquiring) { return }
    try synchroniseFolder(of: path)
    isDurable.store(true, ordering: .releasing)
  }
}
