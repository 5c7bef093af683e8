internal import CLinux
internal import Glibc

/// A file that appears under its name only when it is whole.
///
/// Bytes go to `NAME.writing-PID` beside it; `commit()` syncs them, renames, and syncs the folder.
/// Without a commit the unfinished file is removed.
public struct ReplacedFile: ~Copyable {
  private let path: String
  private let temporaryPath: String
  private let replacing: Bool
  private let handle: OpenFile
  private var committed = false

  /// Begins the file. Throws at once where `path` exists and `replacing` is false. One that
  /// `isPrivate` has mode 0600 from its creation on.
  public init(_ path: String, replacing: Bool, isPrivate: Bool = false) throws {
    try refuseExisting(path, unless: replacing)
    let temporaryPath = "\(path).writing-\(getpid())"
    // What was left there by another process would keep its mode.
    if isPrivate { unlink(temporaryPath) }
    let handle = try OpenFile(
      opening: temporaryPath, flags: O_CREAT | O_RDWR | (isPrivate ? O_EXCL : O_TRUNC),
      mode: isPrivate ? 0o600 : 0o644)
    self.path = path
    self.replacing = replacing
    self.temporaryPath = temporaryPath
    self.handle = handle
  }

  deinit {
    if !committed { unlink(temporaryPath) }
  }

  /// Appends `bytes`.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(SystemCallError) {
    try handle.writeAll(bytes)
  }

  /// Overwrites bytes at `offset`, such as a header whose counts are known only at the end.
  public func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemCallError) {
    try handle.write(bytes, at: offset)
  }

  /// Makes the file durable and visible under its name.
  public mutating func commit() throws {
    try handle.synchronise()
    if replacing {
      try retryingOnInterrupt("rename", file: path) { rename(temporaryPath, path) }
    } else {
      let code = tamis_rename_exclusive(temporaryPath, path)
      if code == EEXIST { throw existingFileFault(path) }
      if code != 0 { throw SystemCallError("rename", file: path, code: code) }
    }
    committed = true
    try synchroniseFolder(of: path)
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

/// Throws a `FileFault` that names `--force` where something stands at `path` already.
public func refuseExisting(_ path: String, unless replacing: Bool) throws(FileFault) {
  if !replacing, access(path, F_OK) == 0 { throw existingFileFault(path) }
}

private func existingFileFault(_ path: String) -> FileFault {
  FileFault(
    file: path, found: "an existing file", expected: "a new name",
    remedy: "choose another name or replace it with --force")
}
