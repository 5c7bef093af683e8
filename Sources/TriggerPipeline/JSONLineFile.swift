package import DurableFiles
internal import Synchronization

/// A file of one JSON object a line that only grows, such as the journal's `ledger.jsonl`. Each
/// line ends with a member `crc32c` over the text before it, by which a reader recognises a torn
/// line.
///
/// One thread appends, another may synchronise.
package final class JSONLineFile: Sendable {
  private struct State {
    /// Where the next line begins.
    var end: Int
    /// The text before `end` is no whole line: a line feed goes first.
    var needsLineFeed: Bool
    /// A failed append may have left bytes behind `end`.
    var isTorn = false
    /// Something was appended that is not on the disk.
    var isDirty = false
  }

  private let file: any StoredFile
  private let state: Mutex<State>

  /// Opens or makes the file `name`. A last line that was cut gets a line feed, so that the next
  /// line is a line of its own.
  package init(_ name: String, in store: any FolderStore) throws(SystemCallError) {
    let isNew = try store.status(of: name) == nil
    file = try store.open(name, .creating)
    if isNew { try store.synchronise() }
    let end = try file.status().byteCount
    let last = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
    defer { last.deallocate() }
    let count = end > 0 ? try file.read(into: last, at: end - 1) : 0
    state = Mutex(
      State(end: end, needsLineFeed: count == 1 && last[0] != UInt8(ascii: "\n")))
    // On a full disk the next line has to bring it.
    try? mendEnd()
  }

  private func mendEnd() throws(SystemCallError) {
    try state.withLock { (state) throws(SystemCallError) in
      guard state.needsLineFeed else { return }
      try [UInt8(ascii: "\n")].withContents { (bytes) throws(SystemCallError) in
        try file.write(bytes, at: state.end)
      }
      state.end += 1
      state.needsLineFeed = false
      state.isDirty = true
    }
  }

  /// Appends the JSON object `text` as a line: it survives the end of the process. Where this
  /// throws, no part of the line counts, and the call can be repeated.
  package func append(_ text: String) throws(SystemCallError) {
    try state.withLock { (state) throws(SystemCallError) in
      if state.isTorn { try file.truncate(to: state.end) }
      state.isTorn = false
      let line = (state.needsLineFeed ? [UInt8(ascii: "\n")] : []) + JSONLines.sealed(text)
      do throws(SystemCallError) {
        try line.withContents { (bytes) throws(SystemCallError) in
          try file.write(bytes, at: state.end)
        }
      } catch {
        state.isTorn = true
        if (try? file.truncate(to: state.end)) != nil { state.isTorn = false }
        throw error
      }
      state.end += line.count
      state.needsLineFeed = false
      state.isDirty = true
    }
  }

  /// Returns when all lines are on the disk. Cheap where nothing was appended.
  package func synchronise() throws(SystemCallError) {
    guard state.withLock({ $0.isDirty }) else { return }
    state.withLock { $0.isDirty = false }
    do throws(SystemCallError) {
      try file.synchronise()
    } catch {
      state.withLock { $0.isDirty = true }
      throw error
    }
  }
}

extension [UInt8] {
  fileprivate func withContents<Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    try span.withUnsafeBytes(body)
  }
}
