internal import Glibc

/// Whether `descriptor` is the stream that systemd reads the daemon's log from: systemd.exec(5) has
/// its device and inode in `JOURNAL_STREAM`, as `device:inode`.
///
/// Lines on it may begin with `<N>`, N being the level of syslog(3), and need no time of their own.
///
/// - Parameter stream: the value of `JOURNAL_STREAM`, this process' own where nil.
package func isJournalStream(_ descriptor: CInt, stream: String? = nil) -> Bool {
  guard let stream = stream ?? getenv("JOURNAL_STREAM").map({ String(cString: $0) }) else {
    return false
  }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else { return false }
  return stream == "\(status.st_dev):\(status.st_ino)"
}
