public import Glibc

/// A system call that failed on a file.
public struct SystemCallError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was tried, as a verb: "open", "write", "rename".
  public var operation: String
  /// The file concerned.
  public var file: String
  /// The errno of the call.
  public var code: CInt
  /// What was found where a regular file was expected, such as "a FIFO"; nil for any other failure.
  public var irregular: String?

  /// Captures a failure; `code` must be read from `errno` before any other call.
  public init(_ operation: String, file: String, code: CInt = errno) {
    self.operation = operation
    self.file = file
    self.code = code
  }

  /// Throws where the file is not a regular one.
  init(irregular: String, file: String) {
    self.init("open", file: file, code: irregular == "a folder" ? EISDIR : EINVAL)
    self.irregular = irregular
  }

  /// One line: `run/manifest.json: cannot open: No such file or directory`.
  public var description: String {
    if let irregular { return "\(file): found \(irregular), expected a regular file" }
    let advice =
      switch code {
      case ENOSPC, EDQUOT: "; free space on that file system"
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
