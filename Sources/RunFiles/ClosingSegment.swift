internal import DurableFiles
internal import Glibc
internal import Synchronization

/// A full segment of a journal on its way to its final name. It has to reach the disk before it is
/// renamed. Another thread than the one that writes the next segment waits for that.
final class ClosingSegment: Sendable {
  /// Its records, under the name that it had when it was handed over.
  let segment: JournalSegment
  /// The description of the segment for the manifest.
  let description: RunManifest.Segment
  let file: SegmentFile

  private enum Progress { case written, renamed, closed }

  private let store: any FolderStore
  private let progress = Mutex(Progress.written)
  private let hasClosed = Atomic<Bool>(false)

  init(
    _ segment: JournalSegment, description: RunManifest.Segment, store: any FolderStore,
    file: SegmentFile
  ) {
    self.segment = segment
    self.description = description
    self.store = store
    self.file = file
  }

  /// Whether the segment has its final name, on the disk. Never waits.
  var isClosed: Bool { hasClosed.load(ordering: .acquiring) }

  /// Returns when the segment has its final name on the disk. After a failure the next call
  /// continues.
  func run() throws {
    try progress.withLock { progress in
      if progress == .written {
        try file.synchronise(through: segment.byteCount)
        try giveFinalName()
        progress = .renamed
      }
      if progress == .renamed {
        try store.synchronise()
        progress = .closed
      }
      hasClosed.store(true, ordering: .releasing)
    }
  }

  private func giveFinalName() throws {
    let name = segment.name.closed.description
    do {
      try store.rename(segment.name.description, to: name, replacing: false)
    } catch {
      if error.code != EEXIST { throw error }
      throw FileFault(
        file: store.path(of: name), found: "an existing file", expected: "a name that is free",
        remedy: "no other program may write segments into the journal; move the file away")
    }
  }
}
