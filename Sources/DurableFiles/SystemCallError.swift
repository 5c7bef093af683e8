public import Glibc

/// A system call that failed on a file.
public struct SystemCallError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The operation, as a verb: "open", "write", "rename".
  public var operation: String
  /// The file concerned.
  public var file: String
  /// The errno of the call.
  public var code: CInt
  /// What was found where a regular file was expected, such as "a FIFO", or a file that is too
  /// large; nil for any other failure.
  public var irregular: String?
  /// What was expected in place of `irregular`.
  private var expected = "a regular file"

  /// Whether no inode was free for another file, which was to be made.
  private let lacksInode: Bool

  /// The operations that need an inode. Any other that finds no space needs bytes.
  private static let makingOperations: Set = ["open", "make the folder", "write in the folder"]

  /// Captures a failure; `code` must be read from `errno` before any other call.
  public init(_ operation: String, file: String, code: CInt = errno) {
    self.operation = operation
    self.file = file
    self.code = code
    // Asked at once: giving up the file may free an inode.
    lacksInode =
      code == ENOSPC && Self.makingOperations.contains(operation)
      && hasNoFreeInode(folder(of: file))
  }

  /// The failure of opening a file that is no regular one.
  init(irregular: String, file: String) {
    self.init("open", file: file, code: irregular == "a folder" ? EISDIR : EINVAL)
    self.irregular = irregular
  }

  /// The failure of reading a file that is larger than any of its kind.
  init(byteCount: Int, byteCountMax: Int, file: String) {
    self.init("read", file: file, code: EFBIG)
    irregular = "a file of \(byteCount) bytes"
    expected = "at most \(byteCountMax)"
  }

  /// Whether the name stands for something that cannot be opened as a file and will not become one by
  /// waiting: a folder, a pipe, a socket, links in a circle or to a name that cannot be.
  package var isNoRegularFile: Bool {
    irregular != nil || [ELOOP, ENXIO, ENODEV, ENOTDIR, ENAMETOOLONG].contains(code)
  }

  /// One line: `run/manifest.json: cannot open: No such file or directory`.
  public var description: String {
    if let irregular { return "\(file): found \(irregular), expected \(expected)" }
    let advice =
      switch code {
      case ENOSPC where lacksInode:
        "; no inode is free there: remove files on that file system"
      case ENOSPC: "; free space on that file system"
      case EDQUOT: "; free space in the quota of this user, group or project (bytes or files)"
      case EACCES, EPERM, EROFS: "; check the owner and mode of the file and its folder"
      case ESTALE:
        "; it was renamed, removed or replaced: put it back in its place, or start the program again"
      default: ""
      }
    return "\(file): cannot \(operation): \(String(cString: strerror(code)))\(advice)"
  }
}

/// Repeats `call` while a signal interrupts it, and throws on any other failure (a result of -1).
@discardableResult
package func retryingOnInterrupt<Result: SignedInteger>(
  _ operation: @autoclosure () -> String, file: @autoclosure () -> String, _ call: () -> Result
) throws(SystemCallError) -> Result {
  while true {
    let result = call()
    if result != -1 { return result }
    let code = errno
    if code != EINTR { throw SystemCallError(operation(), file: file(), code: code) }
  }
}

/// Whether the file system of `folder` can have no more files. Some have no such limit.
private func hasNoFreeInode(_ folder: String) -> Bool {
  var status = statvfs()
  return statvfs(folder, &status) == 0 && status.f_files > 0 && status.f_favail == 0
}
