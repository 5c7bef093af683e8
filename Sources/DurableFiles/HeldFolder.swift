internal import Glibc

/// Holds a folder for writing, by flock(2) on the folder itself: no file is made for it. It ends
/// with the object and with the process, however that ends.
///
/// Some file systems, most of them on a network, lock no folders: there two writers do not see each
/// other.
package final class HeldFolder: Sendable {
  private let folder: OpenFile

  /// Takes the folder at `path`, or throws a `FileFault` where another process has it.
  package init(_ path: String) throws {
    folder = try OpenFile(opening: path, flags: O_RDONLY | O_DIRECTORY)
    // A file system that locks no folders refuses with another errno.
    guard takeLock(folder) == EWOULDBLOCK else { return }
    throw FileFault(
      file: path, found: "a folder that another process writes", expected: "one that nobody writes",
      remedy: "wait for the end of that process, or choose another name")
  }

  /// Whether some process holds the folder at `path`. False where that cannot be known.
  package static func isHeld(_ path: String) -> Bool {
    guard let folder = try? OpenFile(opening: path, flags: O_RDONLY | O_DIRECTORY) else {
      return false
    }
    return isLocked(folder)
  }
}
