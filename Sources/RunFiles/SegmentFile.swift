internal import DurableFiles
internal import Synchronization

/// The file of a segment that is being written or closed, and how much of it is known to be on the
/// disk.
///
/// After a failed synchronisation the system may have dropped the bytes that it could not write,
/// and a second call would succeed all the same. Every further synchronisation therefore fails
/// until the bytes since the last success were written again, from the journal's memory.
///
/// One thread writes, any may synchronise.
final class SegmentFile: Sendable {
  private struct State {
    var failure: SystemCallError?
    /// Whether the file's name is on the disk. Without it a power failure loses the whole file.
    var hasEntry = false
    /// Whether the folder could not be synchronised since the name was made: the system may have
    /// dropped the name.
    var hasLostEntry = false
  }

  private let file: any StoredFile
  private let name: SegmentName
  private let store: any FolderStore
  private let state = Mutex(State())
  private let durable = Atomic<Int>(0)
  private let failed = Atomic<Bool>(false)

  /// Creates the file `name`, which must not exist.
  init(_ name: SegmentName, in store: any FolderStore) throws(SystemCallError) {
    file = try store.open(name.description, .creatingNew)
    self.name = name
    self.store = store
  }

  /// Bytes from the beginning that survive a power failure. Never waits.
  var durableByteCount: Int { durable.load(ordering: .acquiring) }
  /// Whether bytes after those must be written again. Never waits.
  var hasFailed: Bool { failed.load(ordering: .acquiring) }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemCallError) {
    try file.write(bytes, at: offset)
  }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(SystemCallError) -> Int {
    try file.read(into: buffer, at: offset)
  }

  func truncate(to byteCount: Int) throws(SystemCallError) { try file.truncate(to: byteCount) }

  /// Returns when the first `byteCount` bytes, which were written before, are on the disk.
  func synchronise(through byteCount: Int) throws(SystemCallError) {
    try state.withLock { (state) throws(SystemCallError) in
      if let failure = state.failure { throw failure }
      do throws(SystemCallError) {
        try file.synchronise()
        if !state.hasEntry { try makeEntryDurable(&state) }
      } catch {
        state.failure = error
        failed.store(true, ordering: .releasing)
        throw error
      }
      state.hasEntry = true
      durable.store(max(byteCount, durableByteCount), ordering: .releasing)
    }
  }

  /// Returns when the file's name is on the disk. After a failure the name is made once more.
  private func makeEntryDurable(_ state: inout State) throws(SystemCallError) {
    if state.hasLostEntry {
      if try store.status(of: name.description) != nil {
        try store.rename(name.description, to: name.madeAgain.description, replacing: true)
      }
      try store.rename(name.madeAgain.description, to: name.description, replacing: false)
    }
    state.hasLostEntry = true
    try store.synchronise()
    state.hasLostEntry = false
  }

  /// Lets `body` write everything behind the durable bytes again; synchronisations then count again.
  func rewrite(
    _ body: (_ from: Int, any StoredFile) throws(SystemCallError) -> Void
  ) throws(SystemCallError) {
    try state.withLock { (state) throws(SystemCallError) in
      try body(durableByteCount, file)
      state.failure = nil
      failed.store(false, ordering: .releasing)
    }
  }
}
