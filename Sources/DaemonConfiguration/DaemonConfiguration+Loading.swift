internal import DurableFiles
internal import Glibc

extension DaemonConfiguration {
  /// Reads the file at `path`. Throws everything that is wrong with it at once.
  ///
  /// Whether model, calibration and journal exist and fit is checked where they are opened.
  public static func load(_ path: String) throws(ConfigurationFaults) -> DaemonConfiguration {
    try DaemonConfiguration(yaml: readText(path), file: path)
  }

  /// The same with relative paths (and those of ipc addresses) taken from the folder of `file`.
  func resolved(againstFolderOf file: String) -> DaemonConfiguration {
    let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
    func resolve(_ path: String) -> String { path.hasPrefix("/") ? path : folder + path }
    func resolveAddress(_ address: String) -> String {
      // "@NAME" is a name outside the file system.
      guard address.hasPrefix("ipc://"), !address.hasPrefix("ipc://@") else { return address }
      return "ipc://" + resolve(String(address.dropFirst(6)))
    }
    var copy = self
    copy.model = resolve(model)
    copy.calibration = resolve(calibration)
    copy.shadow = shadow.map {
      Shadow(model: resolve($0.model), calibration: resolve($0.calibration))
    }
    copy.journal.path = resolve(journal.path)
    copy.security = security.resolved(resolve)
    copy.input.connect = input.connect.map(resolveAddress)
    copy.input.bind = input.bind.map(resolveAddress)
    copy.output.connect = output.connect.map(resolveAddress)
    copy.catchUp.bind = catchUp.bind.map(resolveAddress)
    copy.output.bind = output.bind.map(resolveAddress)
    return copy
  }
}

/// A configuration is a page long; anything larger is some other file.
private let byteCountMax = 1_048_576

private func readText(_ path: String) throws(ConfigurationFaults) -> String {
  let bytes: [UInt8]
  do {
    bytes = try readBytes(path)
  } catch {
    throw unreadable(
      path,
      found: error.irregular
        ?? "a file that cannot be read (\(String(cString: strerror(error.code))))",
      remedy: "check the path and the file's mode")
  }
  if bytes.count > byteCountMax {
    throw unreadable(path, found: "more than 1 MiB", remedy: "check that this is the file meant")
  }
  guard let text = String(validating: withPlainLines(bytes), as: UTF8.self) else {
    throw unreadable(path, found: "bytes that are not UTF-8", remedy: "save it as UTF-8 text")
  }
  return text
}

/// Without the mark that some editors put at the start, and with line ends of one byte.
private func withPlainLines(_ bytes: [UInt8]) -> [UInt8] {
  let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
  let text = bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...]
  return text.indices.filter { index in
    text[index] != UInt8(ascii: "\r") || index + 1 == text.endIndex
      || text[index + 1] != UInt8(ascii: "\n")
  }.map { text[$0] }
}

private func unreadable(_ path: String, found: String, remedy: String) -> ConfigurationFaults {
  let fault = ConfigurationFault(
    found: found, expected: "a readable YAML configuration", remedy: remedy)
  return ConfigurationFaults(file: path, faults: [fault])
}

private func readBytes(_ path: String) throws(SystemCallError) -> [UInt8] {
  let file = try OpenFile(opening: path, flags: O_RDONLY)
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCountMax + 1, alignment: 8)
  defer { buffer.deallocate() }
  let count = try file.read(into: buffer, at: 0)
  return Array(buffer.prefix(count))
}
