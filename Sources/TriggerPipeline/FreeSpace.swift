internal import DurableFiles
internal import Glibc

/// The bytes that an unprivileged process may still write to the file system of `path`.
func freeByteCount(at path: String) throws(SystemCallError) -> UInt64 {
  var status = statvfs()
  try retryingOnInterrupt("look at the file system", file: path) { statvfs(path, &status) }
  return UInt64(status.f_bavail) * UInt64(status.f_frsize)
}
