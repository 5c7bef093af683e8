internal import Yams

/// Reads the keys of one section and notes every fault. Where a key is missing or wrong nil is
/// returned and reading continues, so that all faults are reported at once.
final class SectionReader {
  /// The section's name with a final point, "" at the top.
  let prefix: String
  let log: FaultLog
  /// The place of the section, or of the one around it where the section is absent. Faults of
  /// missing keys name it.
  let place: SourcePlace?
  private let entries: [String: KeyedNode]
  private var asked: [String] = []

  /// Reads the document's top.
  init(root: Node, log: FaultLog) {
    prefix = ""
    self.log = log
    place = SourcePlace(root)
    entries = readEntries(of: root, section: nil, log: log)
  }

  private init(name: String, entry: KeyedNode?, parent: SectionReader) {
    prefix = "\(name)."
    self.log = parent.log
    place = entry?.keyPlace ?? parent.place
    let log = parent.log
    entries = entry.map { readEntries(of: $0.node, section: name, log: log) } ?? [:]
  }

  /// Reads the section `name`; an absent one reads as all defaults.
  func section(_ name: String, _ read: (SectionReader) -> Void) {
    let section = SectionReader(name: name, entry: entry(name), parent: self)
    read(section)
    section.reportUnknownKeys()
  }

  /// The value of `name`. Asking for it makes the key a known one.
  func entry(_ name: String) -> KeyedNode? {
    asked.append(name)
    return entries[name]
  }

  /// Whether a fault of `name` was noted.
  func hasFault(_ name: String) -> Bool { log.faults.contains { $0.key == "\(prefix)\(name)" } }

  /// Notes the keys that nobody asked for. Call it when all have been asked for.
  func reportUnknownKeys() {
    for (name, entry) in entries where !asked.contains(name) {
      log.add(
        FaultLog.UnknownKey(prefix: prefix, name: name, place: entry.keyPlace, siblings: asked))
    }
  }

  /// Notes that the key `name` is missing.
  func reportMissing(_ name: String, expected: String) {
    log.add(place, key: "\(prefix)\(name)", found: "nothing", expected: expected)
  }

  /// Notes a fault of the value of `name`; its `place` is that of the value unless given.
  func report(
    _ name: String, at place: SourcePlace? = nil, found: String, expected: String,
    remedy: String? = nil
  ) {
    let valuePlace = entries[name].flatMap { SourcePlace($0.node) ?? $0.keyPlace }
    log.add(
      place ?? valuePlace ?? self.place, key: "\(prefix)\(name)", found: found, expected: expected,
      remedy: remedy)
  }
}

/// A value and where its key stands.
struct KeyedNode {
  var node: Node
  var keyPlace: SourcePlace?
}

/// The keys of `node`, which must be a section. Those that cannot be used are noted and left out.
private func readEntries(
  of node: Node, section: String?, log: FaultLog
) -> [String: KeyedNode] {
  if isRefused(node, key: section, log: log) { return [:] }
  guard case .mapping(let mapping) = node else {
    // A section whose keys are all commented out has its defaults.
    if case .nothing = NodeShape(node), section != nil { return [:] }
    log.add(
      SourcePlace(node), key: section, found: NodeShape(node).description,
      expected: "keys of its own", remedy: "indent them by two spaces below `\(section ?? ""):`")
    return [:]
  }
  var entries: [String: KeyedNode] = [:]
  for (key, value) in mapping {
    if isRefused(key, key: section, log: log) { continue }
    guard case .scalar(let scalar) = key else {
      log.add(
        SourcePlace(key), key: section, found: "a key that is not a word", expected: "a word")
      continue
    }
    let name = scalar.string
    if YAMLDocument.isSetAside(name) { continue }
    if isRefused(value, key: section.map { "\($0).\(name)" } ?? name, log: log) { continue }
    entries[name] = KeyedNode(node: value, keyPlace: SourcePlace(key))
  }
  return entries
}
