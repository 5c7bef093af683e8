package import DurableFiles
internal import Synchronization

/// A file of one JSON object a line that only grows, such as the journal's `ledger.jsonl`. Each
/// line ends with a member `crc32c` over the text before it, by which a reader recognises a torn
/// line.
///
/// After a failed synchronisation the lines that may not be on the disk are written again before the
/// next one; they are kept in memory until then. A process that opens the file writes its end again.
///
/// One thread appends, any may synchronise.
package final class JSONLineFile: Sendable {
  private struct State {
    /// Where the next line begins.
    var end: Int
    /// The text before `end` is no whole line: a line feed goes first.
    var needsLineFeed: Bool
    /// A failed append may have left bytes behind `end`.
    var isTorn = false
    /// The bytes before `end` that are not known to be on the disk.
    var unsynchronised: [UInt8] = []
    /// Whether a synchronisation has failed since that was written last.
    var hasFailed = false
  }

  /// Bytes at the end that a process writes again when it opens the file.
  private static let rewrittenByteCount = 1 << 20
  /// Enough for some of the longest lines of decisions.
  private static let keptByteCount = 1 << 14

  /// The end of the file when it was opened: its last lines.
  package let endAtOpening: [UInt8]

  private let file: any StoredFile
  private let state: Mutex<State>
  /// Held by the thread that synchronises.
  private let turn = Mutex(())

  /// Where the file ends.
  package var end: Int { state.withLock { $0.end } }
  /// All bytes before this place are known to be on the disk.
  package var durableEnd: Int { state.withLock { $0.end - $0.unsynchronised.count } }

  /// Opens or makes the file `name`. Zeros at its end, which no line has, are cut off. A last line that
  /// was cut gets a line feed; the next one then begins a new line.
  package init(_ name: String, in store: any FolderStore) throws(SystemCallError) {
    let isNew = try store.status(of: name) == nil
    file = try store.open(name, .creating)
    if isNew { try store.synchronise() }
    let byteCount = try file.status().byteCount
    let end = byteCount == 0 ? 0 : try file.endWithoutZeros()
    var isTorn = false
    if end < byteCount {
      do { try file.truncate(to: end) } catch { isTorn = true }
    }
    let tail = try file.content(
      from: max(0, end - Self.rewrittenByteCount), to: end)
    endAtOpening = Array(tail.suffix(Self.keptByteCount))
    state = Mutex(
      State(
        end: end, needsLineFeed: tail.last.map { $0 != UInt8(ascii: "\n") } ?? false,
        isTorn: isTorn, unsynchronised: tail, hasFailed: !tail.isEmpty))
    // On a full disk the next line has to bring it.
    try? mendEnd()
  }

  private func mendEnd() throws(SystemCallError) {
    try state.withLock { (state) throws(SystemCallError) in
      guard state.needsLineFeed else { return }
      try file.write([UInt8(ascii: "\n")], at: state.end)
      state.end += 1
      state.unsynchronised.append(UInt8(ascii: "\n"))
      state.needsLineFeed = false
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
        try file.write(line, at: state.end)
      } catch {
        state.isTorn = true
        if (try? file.truncate(to: state.end)) != nil { state.isTorn = false }
        throw error
      }
      state.end += line.count
      state.unsynchronised += line
      state.needsLineFeed = false
    }
  }

  /// Returns when all lines are on the disk. Cheap where nothing was appended.
  package func synchronise() throws(SystemCallError) {
    try turn.withLock { (_) throws(SystemCallError) in try synchroniseInTurn() }
  }

  private func synchroniseInTurn() throws(SystemCallError) {
    let count = try state.withLock { (state) throws(SystemCallError) in
      if state.hasFailed {
        try file.write(state.unsynchronised, at: state.end - state.unsynchronised.count)
      }
      return state.unsynchronised.count
    }
    guard count > 0 else { return }
    do throws(SystemCallError) {
      try file.synchronise()
    } catch {
      state.withLock { $0.hasFailed = true }
      throw error
    }
    state.withLock { state in
      state.unsynchronised.removeFirst(count)
      state.hasFailed = false
    }
  }
}

extension StoredFile {
  /// The bytes from `start` up to `end`.
  func content(from start: Int, to end: Int) throws(SystemCallError) -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(1, end - start), alignment: 16)
    defer { buffer.deallocate() }
    let filled = try read(into: buffer, at: start)
    return Array(buffer[..<filled])
  }
}
