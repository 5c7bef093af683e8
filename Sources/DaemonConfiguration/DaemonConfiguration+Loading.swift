internal import DurableFiles
internal import Glibc
internal import TriggerPipeline
internal import Yams

extension DaemonConfiguration {
  /// Reads the file at `path`. Throws everything that is wrong with it at once.
  ///
  /// Whether model, calibration and journal exist and fit is checked where they are opened.
  package static func load(_ path: String) throws(ConfigurationFaults) -> DaemonConfiguration {
    try DaemonConfiguration(yaml: readText(path), file: path)
  }

  /// Reads a configuration from YAML text. `file` names it in messages, and relative paths are
  /// resolved against its folder. Throws everything that is wrong with it.
  package init(yaml text: String, file: String) throws(ConfigurationFaults) {
    let log = FaultLog(knownKeys: Self.knownKeys)
    let document = YAMLDocument(text, log: log)
    self.init()
    self.file = file
    withExtendedLifetime(document) {
      if let root = document.root { read(root, log: log) }
    }
    let faults = log.allFaults
    if !faults.isEmpty { throw ConfigurationFaults(file: file, faults: faults) }
    let resolver = PathResolver(folderOf: file)
    for key in Self.keys { key.key.resolve(&self, resolver) }
  }

  /// Every key that may stand in the file, sections before their keys: `input`, `input.pattern`.
  package static var knownKeys: [String] {
    ConfigurationSection.all.flatMap { section in
      section.name.isEmpty
        ? section.keys.map(\.name)
        : [section.name] + section.keys.map { "\(section.name).\($0.name)" }
    }
  }

  /// Every key with its section, as in `input.pattern`.
  package static var keys: [(name: String, key: ConfigurationKey)] {
    ConfigurationSection.all.flatMap { section in
      section.keys.map { (section.name.isEmpty ? $0.name : "\(section.name).\($0.name)", $0) }
    }
  }

  /// The keys, with their sections, whose values are not those of `other`.
  package func keys(differingFrom other: DaemonConfiguration) -> [String] {
    Self.keys.filter { !$0.key.isEqual(self, other) }.map(\.name)
  }

  /// The keys among them that a reload does not take over.
  package func keysForRestart(differingFrom other: DaemonConfiguration) -> [String] {
    Self.keys.filter { !$0.key.isReloaded && !$0.key.isEqual(self, other) }.map(\.name)
  }

  private mutating func read(_ root: Node, log: FaultLog) {
    guard case .section = NodeShape(root) else {
      log.add(
        SourcePlace(root), found: NodeShape(root).description,
        expected: "keys such as `model: model.safetensors`")
      return
    }
    let top = SectionReader(root: root, log: log)
    for section in ConfigurationSection.all {
      if section.name.isEmpty {
        section.read(top, into: &self)
      } else {
        top.section(section.name) { section.read($0, into: &self) }
      }
    }
    checkSharedAddresses(top)
    if pipeline.publishesAll, pipeline.isScreened {
      top.report(
        "output", found: "`publish: all` with engine.precision screened",
        expected: "exact scores of all events that are published",
        remedy: "use `precision: exact` while commissioning")
    }
    top.reportUnknownKeys()
  }

  private func checkSharedAddresses(_ top: SectionReader) {
    for address in pipeline.outputBind
    where pipeline.inputBind.contains(address) && !isAnyPort(address) {
      top.report(
        "output", found: "`\(address)` in input.bind and output.bind",
        expected: "an address of its own for each")
    }
    for address in pipeline.catchUp.bind
    where (pipeline.inputBind + pipeline.outputBind).contains(address) && !isAnyPort(address) {
      top.report(
        "catch_up", found: "`\(address)` in catch_up.bind and in another section's bind",
        expected: "an address of its own for each")
    }
  }
}

/// Whether the system chooses the port: two such addresses are two ports.
private func isAnyPort(_ address: String) -> Bool {
  address.hasSuffix(":*") || address.hasSuffix(":0")
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
