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
  private let store: any FolderStore
  private let hasEnded = Atomic<Bool>(false)
  private let turn = Mutex(())

  init(_ segments: [JournalSegment], account: DeletedRecords, store: any FolderStore) {
    self.segments = segments
    self.account = account
    self.store = store
  }

  /// Whether the segments are gone. Never waits.
  var isDone: Bool { hasEnded.load(ordering: .acquiring) }

  /// Writes the account and then removes the files: after a crash between the two a record is
  /// counted as deleted and may still be there, and none is missing without being counted.
  func run() throws {
    try turn.withLock { _ in
      if isDone { return }
      try account.write(in: store)
      for segment in segments { try remove(segment.name.description) }
      try store.synchronise()
      hasEnded.store(true, ordering: .releasing)
    }
  }

  private func remove(_ name: String) throws(SystemCallError) {
    do {
      try store.remove(name)
    } catch {
      // Somebody, or an earlier try, was faster.
      if error.code != ENOENT { throw error }
    }
  }
}
