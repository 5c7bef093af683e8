internal import Glibc

/// Holds a file by flock(2). The lock ends with the object and with the process, however it ends;
/// the file stays, with the number of the process that held it last.
final class FileLock: Sendable {
  private let file: OpenFile

  /// Takes the lock, or throws a `FileFault` that names the process that has it.
  init(_ path: String) throws {
    let file = try OpenFile(opening: path, flags: O_CREAT | O_RDWR)
    try take(file)
    // The number is for people: a full disk must not keep the journal from being opened. What is no
    // number is not a lock's, and stays: a link may lead anywhere.
    if holdsNumber(file) { try? writeProcessNumber(file) }
    self.file = file
  }
}

/// A process that another is just starting holds copies of that one's descriptors, and its locks
/// with them, until it runs its own program. A lock is therefore refused only when it stays taken
/// for this long.
private let patienceMs = 500

private func take(_ file: borrowing OpenFile) throws {
  var waitedMs = 0
  while flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
    let code = errno
    if code == EINTR { continue }
    if code != EWOULDBLOCK { throw SystemCallError("lock", file: file.path, code: code) }
    if waitedMs < patienceMs {
      usleep(20_000)
      waitedMs += 20
      continue
    }
    throw FileFault(
      file: file.path, found: "a lock held by \(holder(file))",
      expected: "a journal that no other process writes",
      remedy: "stop the other process or choose another folder")
  }
}

private func writeProcessNumber(_ file: borrowing OpenFile) throws {
  try file.truncate(to: 0)
  var text = "\(getpid())\n"
  try text.withUTF8 { try file.write(UnsafeRawBufferPointer($0), at: 0) }
}

/// Whether the file is as this type leaves it: empty, or a number and the end of the line.
private func holdsNumber(_ file: borrowing OpenFile) -> Bool {
  let text = UnsafeMutableRawBufferPointer.allocate(byteCount: 21, alignment: 1)
  defer { text.deallocate() }
  guard let count = try? file.read(into: text, at: 0), count < text.count else { return false }
  return text[..<count].allSatisfy { 0x30...0x39 ~= $0 || $0 == 0x0A }
}

private func holder(_ file: borrowing OpenFile) -> String {
  let text = UnsafeMutableRawBufferPointer.allocate(byteCount: 20, alignment: 1)
  defer { text.deallocate() }
  let count = (try? file.read(into: text, at: 0)) ?? 0
  let digits = text[..<count].prefix { 0x30...0x39 ~= $0 }
  return digits.isEmpty
    ? "another process" : "process \(String(decoding: digits, as: UTF8.self))"
}
