internal import Glibc

/// Holds a file by flock(2). The lock ends with the object and with the process, however it ends.
/// The file stays, with the number of the process that held it last.
final class FileLock: Sendable {
  private let file: OpenFile

  /// Takes the lock, or throws a `FileFault` that names the process that has it.
  init(_ path: String) throws {
    let file = try OpenFile(opening: path, flags: O_CREAT | O_RDWR)
    let code = takeLock(file)
    if code == EWOULDBLOCK {
      throw FileFault(
        file: path, found: "a lock held by \(holder(file))",
        expected: "a journal that no other process writes",
        remedy: "stop the other process or choose another folder")
    }
    if code != 0 { throw SystemCallError("lock", file: path, code: code) }
    // The number is for people: a full disk must not keep the journal from being opened. A file with
    // another content is not written, since a link may lead anywhere.
    if holdsNumber(file) { try? writeProcessNumber(file) }
    self.file = file
  }
}

/// Holds a folder for writing, by flock(2) on the folder itself: no file is made for it. It ends
/// with the object and with the process, however that ends.
///
/// Some file systems, most of them on a network, lock no folders: there two writers do not see each
/// other.
package final class HeldFolder: Sendable {
  private let folder: OpenFile

  /// Takes the folder at `path`, or throws a `FileFault` where another process has it.
  package init(_ path: String) throws {
    folder = try OpenFile(opening: path, flags: O_RDONLY | O_DIRECTORY)
    // A file system that locks no folders refuses with another errno.
    guard takeLock(folder) == EWOULDBLOCK else { return }
    throw FileFault(
      file: path, found: "a folder that another process writes", expected: "one that nobody writes",
      remedy: "wait for the end of that process, or choose another name")
  }

  /// Whether some process holds the folder at `path`. False where that cannot be known.
  package static func isHeld(_ path: String) -> Bool {
    guard let folder = try? OpenFile(opening: path, flags: O_RDONLY | O_DIRECTORY) else {
      return false
    }
    return isLocked(folder)
  }
}

/// Takes the lock of an open file or folder by flock(2). Returns 0, or the errno; EWOULDBLOCK where
/// another process has the lock.
///
/// A process that another is just starting holds copies of that one's locks until it runs its own
/// program, and a process that only looks whether a folder is held has a lock for a moment. A lock is
/// therefore refused only when it stays taken for half a second.
func takeLock(_ file: borrowing OpenFile) -> CInt {
  var waitCount = 0
  while flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
    let code = errno
    if code == EINTR { continue }
    if code != EWOULDBLOCK || waitCount == 25 { return code }
    usleep(20_000)
    waitCount += 1
  }
  return 0
}

/// Whether a process has the lock of an open file or folder. If not, it is taken until the file is
/// closed.
func isLocked(_ file: borrowing OpenFile) -> Bool {
  flock(file.descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
}

/// The process that holds the lock of the file `path`, in words. Nil where none holds it, and where
/// that cannot be known. The lock is not kept.
package func lockHolder(_ path: String) -> String? {
  guard let file = try? OpenFile(opening: path, flags: O_RDONLY), isLocked(file) else { return nil }
  return holder(file)
}

/// Whether a file with this content may be a lock: it is empty, or has the number of a process and
/// the end of the line.
package func isLockContent(_ content: UnsafeRawBufferPointer) -> Bool {
  content.count < 22 && content.allSatisfy { 0x30...0x39 ~= $0 || $0 == 0x0A }
}

private func writeProcessNumber(_ file: borrowing OpenFile) throws {
  try file.truncate(to: 0)
  var text = "\(getpid())\n"
  try text.withUTF8 { try file.write(UnsafeRawBufferPointer($0), at: 0) }
}

private func holdsNumber(_ file: borrowing OpenFile) -> Bool {
  withUnsafeTemporaryAllocation(byteCount: 32, alignment: 1) { buffer in
    guard let count = try? file.read(into: buffer, at: 0) else { return false }
    return isLockContent(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
  }
}

private func holder(_ file: borrowing OpenFile) -> String {
  let digits = withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { buffer in
    let count = (try? file.read(into: buffer, at: 0)) ?? 0
    return String(decoding: buffer.prefix(count).prefix { 0x30...0x39 ~= $0 }, as: UTF8.self)
  }
  return digits.isEmpty ? "another process" : "process \(digits)"
}
