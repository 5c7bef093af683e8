internal import DurableFiles
internal import Glibc
internal import Synchronization

/// Old segments on their way out of a journal. Removing a large file takes long on some file
/// systems, so another thread than the writing one does it.
final class SegmentRemoval: Sendable {
  /// Oldest first.
  let segments: [JournalSegment]
  /// What will have been deleted when these are gone.
  let account: DeletedRecords
  private let folder: String
  private let hasEnded = Atomic<Bool>(false)
  private let turn = Mutex(())

  init(_ segments: [JournalSegment], account: DeletedRecords, folder: String) {
    self.segments = segments
    self.account = account
    self.folder = folder
  }

  /// Whether the segments are gone. Never waits.
  var isDone: Bool { hasEnded.load(ordering: .acquiring) }

  /// Writes the account and then removes the files: after a crash between the two a record is
  /// counted as deleted and may still be there, and none is missing without being counted.
  func run() throws {
    try turn.withLock { _ in
      if isDone { return }
      try account.write(inFolder: folder)
      for segment in segments { try remove(joined(folder, segment.name.description)) }
      try synchroniseFolder(of: joined(folder, DeletedRecords.fileName))
      hasEnded.store(true, ordering: .releasing)
    }
  }

  private func remove(_ path: String) throws(SystemCallError) {
    do {
      try retryingOnInterrupt("remove", file: path) { unlink(path) }
    } catch {
      // Somebody, or an earlier try, was faster.
      if error.code != ENOENT { throw error }
    }
  }
}
