internal import Glibc

/// Looks at the room that a file system has left, again and again and without allocating: the path
/// is kept in the form that the system takes.
final class FreeSpace: @unchecked Sendable {
  private let path: UnsafeMutablePointer<CChar>

  /// The file system of `path`.
  init(of path: String) {
    guard let copy = strdup(path) else { preconditionFailure("no memory for a path") }
    self.path = copy
  }

  deinit { free(path) }

  /// The bytes that an unprivileged process may still write; nil where the system does not say.
  var byteCount: UInt64? {
    var status = statvfs()
    while statvfs(path, &status) != 0 {
      if errno != EINTR { return nil }
    }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize)
  }
}
