internal import DurableFiles
internal import Glibc

/// The place of a file of keys: a path, or a credential that the service manager provides.
package struct KeyFile: Hashable, Sendable {
  /// The path to open; nil for a credential where there are none.
  let path: String?
  /// What the operator wrote, for messages.
  let name: String
  /// Whether the service manager made the file.
  let isCredential: Bool

  /// The prefix of the name of a credential.
  package static let credentialPrefix = "credential:"

  /// `text` is a path, or `credential:NAME` for the file NAME in `credentialsFolder`
  /// (`$CREDENTIALS_DIRECTORY` of a systemd unit with `LoadCredential=`).
  package init(_ text: String, credentialsFolder: String? = nil) {
    name = text
    isCredential = text.hasPrefix(Self.credentialPrefix)
    let rest = text.dropFirst(Self.credentialPrefix.count)
    path = isCredential ? credentialsFolder.map { "\($0)/\(rest)" } : text
  }

  /// A file of keys is some kilobytes long; anything larger is another file.
  private static let byteCountMax = 1_048_576

  /// The file's text. The file's mode must keep others from changing it, and from reading a secret
  /// one.
  ///
  /// - Throws: `FileFault` or `SystemCallError`.
  func readText(isSecret: Bool) throws -> String {
    guard let path else {
      throw FileFault(
        file: name, found: "no credentials, since CREDENTIALS_DIRECTORY is not set",
        expected:
          "to be started by a unit with LoadCredential=\(name.dropFirst(Self.credentialPrefix.count))",
        remedy: "start it by systemd, or write a path")
    }
    let file = try OpenFile(opening: path, flags: O_RDONLY)
    try checkMode(of: file, isSecret: isSecret)
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Self.byteCountMax + 1, alignment: 8)
    defer { buffer.deallocate() }
    let count = try file.read(into: buffer, at: 0)
    guard count <= Self.byteCountMax, let text = String(validating: buffer[..<count], as: UTF8.self)
    else {
      throw FileFault(
        file: name,
        found: count > Self.byteCountMax ? "more than 1 MiB" : "bytes that are not UTF-8",
        expected: "a text file of keys", remedy: "check that this is the file meant")
    }
    return text
  }

  private func checkMode(of file: borrowing OpenFile, isSecret: Bool) throws {
    var status = stat()
    guard fstat(file.descriptor, &status) == 0 else {
      throw SystemCallError("stat", file: name, code: errno)
    }
    let mode = status.st_mode & 0o777
    if isSecret {
      // The service manager lets the service's user in by an access-control list, whose mask shows
      // as the group's bits: 0440 is as narrow as its files get.
      let forbidden: mode_t = isCredential ? 0o037 : 0o077
      guard mode & forbidden == 0 else {
        throw FileFault(
          file: name, found: "a secret key in a file of mode \(octal(mode)), which others may use",
          expected: "mode 0600 or 0400",
          remedy: "chmod 600 it; if others may have read it, make a new pair with `tamis keygen`")
      }
    } else if mode & 0o002 != 0 {
      throw FileFault(
        file: name, found: "mode \(octal(mode)): everybody may change who is trusted",
        expected: "a file that others cannot write", remedy: "chmod o-w it")
    }
  }
}

private func octal(_ mode: mode_t) -> String {
  let digits = String(mode, radix: 8)
  return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
