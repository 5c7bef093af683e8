internal import DurableFiles
internal import Glibc
internal import Synchronization

/// Old segments that are being deleted from a journal. Removing a large file takes long on some
/// file systems; another thread than the writing one does it.
final class SegmentRemoval: Sendable {
  /// Oldest first.
  let segments: [JournalSegment]
  /// The counts of deleted records once these segments are gone.
  let account: DeletedRecords
  /// The lowest of their numbers that was not published; nil where all were.
  let firstUnpublished: UInt64?
  private let store: any FolderStore
  private let hasEnded = Atomic<Bool>(false)
  private let turn = Mutex(())

  init(
    _ segments: [JournalSegment], account: DeletedRecords, firstUnpublished: UInt64?,
    store: any FolderStore
  ) {
    self.segments = segments
    self.account = account
    self.firstUnpublished = firstUnpublished
    self.store = store
  }

  /// Whether the segments are gone. Never waits.
  var isDone: Bool { hasEnded.load(ordering: .acquiring) }

  /// Writes the account and then removes the files: after a crash between the two a record that
  /// counts as deleted may still be there, but no record is missing without being counted.
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
      // Somebody else, or an earlier attempt, has removed it.
      if error.code != ENOENT { throw error }
    }
  }
}
