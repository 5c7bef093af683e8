internal import CLinux
internal import Glibc

/// Keeps the name `target` for what this process will write, until the process ends: another that
/// claims it meanwhile is refused at once, and not after hours of work. For results of several
/// files it keeps those of two processes from being mixed.
///
/// A file `NAME.writing-lock` beside it is locked by flock(2) and removed at the end of the
/// process, also by a signal. That of a killed process is not locked, and the next claim takes it
/// over. Where no such file can be made or locked, nothing is claimed: what is written there fails
/// by itself, or the file system knows no locks.
/// - Throws: `FileFault` where another process has claimed the name.
package func claimName(_ target: String) throws {
  let path = "\(target).writing-lock"
  // A signal between the making of the file and its entry in the list would leave it.
  var (all, before) = (sigset_t(), sigset_t())
  sigfillset(&all)
  pthread_sigmask(SIG_BLOCK, &all, &before)
  defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
  for attempt in 0..<50 {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o644)
    guard descriptor >= 0 else { return }
    var opened = stat()
    // A file of this name with a content belongs to another program.
    guard fstat(descriptor, &opened) == 0, opened.st_mode & S_IFMT == S_IFREG, opened.st_size == 0
    else {
      close(descriptor)
      return
    }
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      let code = errno
      close(descriptor)
      guard code == EWOULDBLOCK || code == EINTR else { return }
      // A process that is just being started holds copies of its parent's locks.
      if attempt < 10 { usleep(20_000) } else { throw claimedFault(target) }
      continue
    }
    var named = stat()
    if stat(path, &named) == 0, named.st_ino == opened.st_ino, named.st_dev == opened.st_dev {
      // The descriptor stays open, and the lock with it, until the process ends.
      _ = tamis_temporary_add(path)
      return
    }
    // The process that had it has just removed it.
    close(descriptor)
  }
}

private func claimedFault(_ target: String) -> FileFault {
  FileFault(
    file: target, found: "another process that is about to write it",
    expected: "a name that nobody writes", remedy: "wait for its end, or choose another name")
}
