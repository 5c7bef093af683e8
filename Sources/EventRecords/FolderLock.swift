internal import DurableFiles
internal import Glibc

/// Holds a journal's folder for one process, by flock(2) on a file `lock` in it. The lock ends with
/// the process, however it ends; the file stays.
struct FolderLock: ~Copyable {
  static let fileName = "lock"

  private let file: OpenFile

  /// Takes the lock, or throws a `FileFault` that names the process that has it.
  init(folder: String) throws {
    let path = joined(folder, Self.fileName)
    let file = try OpenFile(opening: path, flags: O_CREAT | O_RDWR)
    try takeLock(file.descriptor, path: path)
    try file.truncate(to: 0)
    try writeProcessNumber(file.descriptor, path: path)
    self.file = file
  }
}

private func takeLock(_ descriptor: CInt, path: String) throws {
  if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
  let code = errno
  if code != EWOULDBLOCK { throw SystemCallError("lock", file: path, code: code) }
  let file = try MappedFile(path)
  let digits = withExtendedLifetime(file) { file.bytes.prefix { 0x30...0x39 ~= $0 }.map(\.self) }
  let holder =
    digits.isEmpty ? "another process" : "process \(String(decoding: digits, as: UTF8.self))"
  throw FileFault(
    file: path, found: "a lock held by \(holder)",
    expected: "a journal that no other process writes",
    remedy: "stop the other process or choose another folder")
}

private func writeProcessNumber(_ descriptor: CInt, path: String) throws(SystemCallError) {
  let text = Array("\(getpid())\n".utf8)
  try retryingOnInterrupt("write", file: path) { write(descriptor, text, text.count) }
}

/// Throws where a live process holds the folder as its journal.
func refuseHeldFolder(_ folder: String) throws {
  if access(joined(folder, FolderLock.fileName), F_OK) == 0 { _ = try FolderLock(folder: folder) }
}
