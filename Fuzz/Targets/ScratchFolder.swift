internal import DurableFiles
internal import Glibc

/// A folder in memory for the readers that want a path, emptied for each input.
struct ScratchFolder {
  let path: String

  /// The only one: a fuzzer runs one input at a time.
  static let shared = ScratchFolder()

  private init() {
    path = "/dev/shm/tamis-fuzz-\(getpid())"
    mkdir(path, 0o700)
    atexit { ScratchFolder.shared.remove() }
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file and returns its path.
  @discardableResult
  func write(_ name: String, _ bytes: UnsafeRawBufferPointer) throws -> String {
    let path = file(name)
    let file = try OpenFile(opening: path, flags: O_CREAT | O_TRUNC | O_WRONLY, mode: 0o600)
    try file.writeAll(bytes)
    return path
  }

  /// Removes every file in it.
  func empty() {
    guard let stream = opendir(path) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { unlink("\(path)/\(name)") }
    }
  }

  private func remove() {
    empty()
    rmdir(path)
  }
}
