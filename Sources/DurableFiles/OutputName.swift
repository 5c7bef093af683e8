internal import Glibc

/// The name under which a file is to be written, checked before any work is done for it.
///
/// A symbolic link is followed: the file that it leads to is replaced, and the link stays. Nothing
/// that is no regular file is ever replaced or written into: a folder, a device, a FIFO and a
/// socket are refused.
package struct OutputName {
  /// Where the file goes: the path, or what the link at its end leads to.
  package let target: String

  /// - Parameter replacing: whether a regular file that stands there may be replaced.
  /// - Throws: `FileFault` where the name cannot be written to, `SystemCallError`.
  package init(_ path: String, replacing: Bool) throws {
    if path.isEmpty || path.hasSuffix("/") {
      throw FileFault(
        file: path.isEmpty ? "\"\"" : path,
        found: path.isEmpty ? "an empty name" : "a folder's name",
        expected: "the name of a file")
    }
    target = try Self.linkTarget(path)
    try Self.checkFolder(of: target, path: path)
    var status = stat()
    guard stat(target, &status) == 0 else {
      let code = errno
      if code == ENOENT { return }
      throw SystemCallError("look at", file: path, code: code)
    }
    if let kind = irregularKind(status.st_mode) {
      throw FileFault(
        file: path, found: kind, expected: "a new name, or a file to replace",
        remedy: "choose another name")
    }
    if !replacing { throw existingFileFault(path) }
  }

  /// Follows links at the end of `path`, also to a file that is not there yet.
  private static func linkTarget(_ path: String) throws -> String {
    var current = path
    for _ in 0..<40 {
      var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
      let count = readlink(current, &buffer, buffer.count)
      if count < 0 { return current }
      let bytes = buffer.prefix(count).map { UInt8(bitPattern: $0) }
      guard let link = String(validating: bytes, as: UTF8.self) else {
        throw FileFault(
          file: path, found: "a link to a name that is not UTF-8", expected: "text",
          remedy: "choose another name")
      }
      current = link.hasPrefix("/") ? link : folder(of: current) + "/" + link
    }
    throw SystemCallError("look at", file: path, code: ELOOP)
  }

  private static func checkFolder(of target: String, path: String) throws {
    let parent = folder(of: target)
    var status = stat()
    guard stat(parent, &status) == 0 else {
      let code = errno
      if code != ENOENT { throw SystemCallError("look at", file: parent, code: code) }
      throw FileFault(
        file: path, found: "no folder \(parent)", expected: "one to write the file in",
        remedy: "make the folder first, or correct the name")
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw FileFault(file: path, found: "a file \(parent)", expected: "a folder of that name")
    }
    guard access(parent, W_OK | X_OK) == 0 else {
      throw SystemCallError("write in the folder", file: parent)
    }
  }
}

func existingFileFault(_ path: String) -> FileFault {
  FileFault(
    file: path, found: "an existing file", expected: "a new name",
    remedy: "choose another name or replace it with --force")
}

/// Throws a `FileFault` where no file can be written at `path`, or where one stands there already
/// and `replacing` is false. For the start of long work; `ReplacedFile` looks again.
public func refuseExisting(_ path: String, unless replacing: Bool) throws {
  _ = try OutputName(path, replacing: replacing)
}
