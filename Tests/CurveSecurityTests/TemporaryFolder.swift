internal import Glibc
internal import Synchronization

/// A folder of its own, removed with all its files at the end.
final class TemporaryFolder: Sendable {
  let path: String
  private let fileCount = Atomic(0)

  init() {
    var template = Array("/tmp/tamis-keys-XXXXXX".utf8CString)
    precondition(mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit {
    guard let folder = opendir(path) else { return }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      unlink(self(name))
    }
    closedir(folder)
    rmdir(path)
  }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a new file and returns its path.
  func write(_ text: String, mode: mode_t) throws -> String {
    let path = self("file-\(fileCount.wrappingAdd(1, ordering: .relaxed).newValue)")
    let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY, 0o600)
    precondition(descriptor >= 0)
    let bytes = Array(text.utf8)
    let count = Glibc.write(descriptor, bytes, bytes.count)
    precondition(count == text.utf8.count)
    fchmod(descriptor, mode)
    close(descriptor)
    return path
  }

  func mode(of path: String) -> mode_t {
    var status = stat()
    precondition(stat(path, &status) == 0)
    return status.st_mode & 0o777
  }
}
