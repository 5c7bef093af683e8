import Glibc
import TestSupport

extension TemporaryFolder {
  /// Writes a new file and returns its path.
  func write(_ text: String, mode: mode_t) throws -> String {
    let path = self("file-\(names(in: path).count)")
    try writeFile(path, Array(text.utf8))
    chmod(path, mode)
    return path
  }

  func mode(of path: String) -> mode_t {
    var status = stat()
    precondition(stat(path, &status) == 0)
    return status.st_mode & 0o777
  }
}
