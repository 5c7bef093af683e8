package import DurableFiles
internal import Glibc

/// A folder of its own for each test, removed with the object.
package final class TemporaryFolder: Sendable {
  package let path: String

  package init() {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/tamis-tests-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { fatalError("no temporary folder") }
    path = String(cString: made)
  }

  deinit { remove(path) }

  package func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  private func remove(_ path: String) {
    // A link is removed, not what it names.
    if unlink(path) == 0 { return }
    if let stream = opendir(path) {
      while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { remove("\(path)/\(name)") }
      }
      closedir(stream)
      rmdir(path)
    }
  }
}

/// Calls `body` with a folder that is removed afterwards.
package func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = TemporaryFolder()
  return try withExtendedLifetime(folder) { try body(folder.path) }
}

/// Sorted names in a folder.
package func names(in folder: String) -> [String] {
  guard let stream = opendir(folder) else { return [] }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names.sorted()
}

package func contents(of path: String) throws -> [UInt8] {
  let file = try MappedFile(path)
  return withExtendedLifetime(file) { Array(file.bytes) }
}

package func writeFile(_ path: String, _ bytes: [UInt8]) throws {
  let file = try OpenFile(opening: path, flags: O_CREAT | O_TRUNC | O_WRONLY)
  try bytes.withUnsafeBytes { try file.writeAll($0) }
}

package func truncate(_ path: String, to byteCount: Int) throws {
  try OpenFile(opening: path, flags: O_WRONLY).truncate(to: byteCount)
}

/// The fault that `body` throws.
package func fault(_ body: () throws -> Void) -> FileFault? {
  do {
    try body()
    return nil
  } catch {
    return error as? FileFault
  }
}
