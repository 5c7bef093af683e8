internal import Glibc

/// A file that appears under its name only when it is whole.
///
/// Bytes go to `NAME.writing-PID` beside it; `commit()` syncs them, renames, and syncs the folder.
/// Without a commit the unfinished file is removed, also by a signal that ends the process. A
/// finished one is never removed.
public struct ReplacedFile: ~Copyable {
  private let path: String
  private let target: String
  private let replacing: Bool
  private let temporary: TemporaryFile

  /// Begins the file. Throws at once where `path` exists and `replacing` is false, or is no
  /// regular file; a symbolic link is followed. A file that `isPrivate` has mode 0600 from its
  /// creation on.
  public init(_ path: String, replacing: Bool, isPrivate: Bool = false) throws {
    let name = try OutputName(path, replacing: replacing)
    // A failure must not destroy a value that is only partly made.
    let temporary = try TemporaryFile(beside: name.target, isPrivate: isPrivate)
    self.path = path
    self.replacing = replacing
    self.temporary = temporary
    target = name.target
  }

  /// Appends `bytes`.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(SystemCallError) {
    try temporary.handle.writeAll(bytes)
  }

  /// Overwrites bytes at `offset`, such as a header whose counts are known only at the end.
  public func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemCallError) {
    try temporary.handle.write(bytes, at: offset)
  }

  /// Makes the file durable and visible under its name. Where it cannot get that name, the finished
  /// file stays under its other name, which the error states: it may be the work of hours.
  public mutating func commit() throws {
    try temporary.handle.synchronise()
    do throws(SystemCallError) {
      try renameFile(temporary.path, to: target, replacing: replacing)
    } catch {
      temporary.keepFinished()
      throw FileFault(
        file: path,
        found: error.code == EEXIST && !replacing ? "an existing file" : "\(error)",
        expected: "this name for the finished file",
        remedy: "it is whole and was kept: rename \(temporary.path)")
    }
    temporary.keep()
    try synchroniseFolder(of: target)
  }

  /// Writes `bytes` as the whole file.
  public static func write(
    _ bytes: some Sequence<UInt8>, to path: String, replacing: Bool
  ) throws {
    var file = try ReplacedFile(path, replacing: replacing)
    let contiguous = ContiguousArray(bytes)
    try contiguous.withUnsafeBytes { try file.write($0) }
    try file.commit()
  }
}
