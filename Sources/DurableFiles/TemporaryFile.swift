internal import CLinux
internal import Glibc

/// The unfinished file `NAME.writing-PID` beside the one that it becomes.
///
/// While it is written it is locked (flock(2)), and a signal that ends the process removes it. The
/// file of a killed process has no lock: the next process that writes NAME removes it.
final class TemporaryFile {
  let path: String
  let handle: OpenFile
  private var slot: CInt
  private var isKept = false

  /// Makes the file, of mode 0600 where it `isPrivate`.
  init(beside target: String, isPrivate: Bool) throws {
    path = "\(target).writing-\(getpid())"
    removeStale(beside: target)
    slot = tamis_temporary_add(path)
    do {
      handle = try OpenFile(
        opening: path, flags: O_CREAT | O_RDWR | O_EXCL, mode: isPrivate ? 0o600 : 0o644)
    } catch {
      tamis_temporary_forget(slot)
      guard error.code == EEXIST else { throw error }
      throw FileFault(
        file: path, found: "a file that another process writes", expected: "none",
        remedy: "wait for its end, or choose another name")
    }
    // On file systems without locks this fails. There stale files are not removed either.
    _ = flock(handle.descriptor, LOCK_EX | LOCK_NB)
  }

  /// The file has got its final name.
  func keep() {
    isKept = true
    forget()
  }

  /// The end of the process must not remove it any more.
  private func forget() {
    tamis_temporary_forget(slot)
    slot = -1
  }

  /// The file is whole and could not get its final name: it stays, and is marked read-only, so that
  /// no later process takes it for unfinished.
  func keepFinished() {
    keep()
    var status = stat()
    guard fstat(handle.descriptor, &status) == 0 else { return }
    fchmod(handle.descriptor, status.st_mode & 0o555)
  }

  deinit {
    if !isKept { unlink(path) }
    forget()
  }
}

/// Removes unfinished files of processes that are gone, as far as that is certain.
private func removeStale(beside target: String) {
  let parent = folder(of: target)
  let prefix = "\(lastComponent(target)).writing-"
  for name in (try? fileNames(in: parent)) ?? [] where name.hasPrefix(prefix) {
    guard let process = pid_t(name.dropFirst(prefix.count)) else { continue }
    // A process of this number that lives may be another container's: its lock decides.
    if process == getpid() || (kill(process, 0) != 0 && errno == ESRCH) {
      removeUnlocked("\(parent)/\(name)")
    }
  }
}

private func removeUnlocked(_ path: String) {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
  guard descriptor >= 0 else { return }
  defer { close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
    status.st_mode & S_IWUSR != 0,
    flock(descriptor, LOCK_EX | LOCK_NB) == 0
  else { return }
  unlink(path)
}
