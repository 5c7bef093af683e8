internal import Yams

/// The YAML text as nodes with positions. Faults of the YAML go into the log.
final class YAMLDocument {
  /// The root; nil where the text is empty or not YAML.
  private(set) var root: Node?
  /// Nodes refer weakly to their anchors, which live as long as the parser.
  private var parser: Parser?

  /// Duplicated keys are reported and set aside, so that the rest of the file is still checked.
  init(_ text: String, log: FaultLog) {
    if let excess = YAMLLimits(text).excess {
      log.add(excess.place, found: excess.found, expected: excess.expected)
      return
    }
    var text = text
    // Each round reads all of the text and sets one duplicate aside; the limit guards against a
    // file of nothing else.
    let roundCount = min(64, max(1, Self.bytesReadMax / max(text.utf8.count, 1)))
    for round in 0..<roundCount {
      do {
        let parser = try Parser(yaml: text)
        self.parser = parser
        root = try parser.singleRoot()
        if root == nil { log.add(nil, found: "an empty file", expected: "a configuration") }
        return
      } catch YamlError.duplicatedKeysInMapping(let names, let context) {
        let first = SourcePlace(context.mark)
        let name = names.first ?? ""
        let second = secondPlace(of: name, after: first, in: text)
        log.add(
          second ?? first, found: "the key `\(name)` twice", expected: "it once",
          remedy: second == nil ? nil : "the first is in line \(first.line)")
        guard let second else { break }
        text = settingAside(name, at: second, round: round, in: text)
      } catch {
        log.add(syntaxFault: error, in: text)
        break
      }
    }
  }

  /// In all rounds together.
  private static let bytesReadMax = 1 << 20

  /// Whether `key` was set aside as a duplicate.
  static func isSetAside(_ key: String) -> Bool {
    key.unicodeScalars.first.map { setAsideMarks.contains($0.value) } ?? false
  }
}

/// Private-use characters: no key of ours contains them, and YAML allows them.
private let setAsideMarks: ClosedRange<UInt32> = 0xE000...0xE0FF

/// Where the key `name` stands a second time in the mapping whose first one is at `first`, on a
/// line of its own. By scalars, as YAML counts columns: two spellings of one character are one
/// `String`.
private func secondPlace(of name: String, after first: SourcePlace, in text: String) -> SourcePlace?
{
  let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
  for (index, line) in lines.enumerated().dropFirst(first.line) {
    let content = line.drop { $0 == " " }
    if content.isEmpty || content.first == "#" { continue }
    let column = line.count - content.count + 1
    if column < first.column { return nil }
    if column == first.column, keyLength(of: name, startingIn: content) != nil {
      return SourcePlace(line: index + 1, column: column)
    }
  }
  return nil
}

/// The scalars of the key `name`, quotes included, with which `line` begins; nil where it does not.
private func keyLength(of name: String, startingIn line: Substring.UnicodeScalarView) -> Int? {
  let spellings = ["\(name)", "\"\(name)\"", "'\(name)'"].map(\.unicodeScalars)
  return spellings.first { spelling in
    line.starts(with: spelling)
      && line.dropFirst(spelling.count).drop { $0 == " " }.first == ":"
  }?.count
}

/// The text with the key at `place` replaced by marks that no other key begins with.
private func settingAside(
  _ name: String, at place: SourcePlace, round: Int, in text: String
) -> String {
  var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    .map { Array($0) }
  let start = place.column - 1
  let line = lines[place.line - 1]
  let rest = Substring(String(String.UnicodeScalarView(line[start...]))).unicodeScalars
  guard let length = keyLength(of: name, startingIn: rest) else { return text }
  let mark = Unicode.Scalar(setAsideMarks.lowerBound + UInt32(round)) ?? "?"
  lines[place.line - 1].replaceSubrange(
    start..<start + length, with: repeatElement(mark, count: length))
  return String(String.UnicodeScalarView(lines.joined(separator: ["\n"])))
}

extension SourcePlace {
  init(_ mark: Mark) { self.init(line: mark.line, column: mark.column) }

  init?(_ node: Node) {
    guard let mark = node.mark else { return nil }
    self.init(mark)
  }
}

extension FaultLog {
  /// Reports what the YAML parser could not read.
  fileprivate func add(syntaxFault error: any Error, in text: String) {
    let place: SourcePlace?
    let problem: String
    switch error as? YamlError {
    case .scanner(let context, let text, let mark, _), .parser(let context, let text, let mark, _),
      .composer(let context, let text, let mark, _):
      place = SourcePlace(mark)
      problem = [context?.text, text].compactMap { $0 }.joined(separator: ": ")
    case .reader(let text, _, _, _):
      place = nil
      problem = text
    default:
      place = nil
      problem = "\(error)"
    }
    if let tab = firstIndentingTab(in: text) {
      add(
        tab, found: "a tab in the indentation", expected: "spaces",
        remedy: "replace it by two spaces for each level")
      return
    }
    add(
      place, found: "something that is not YAML (\(problem))", expected: "lines of `key: value`",
      remedy: "look at the indentation, the colons and the quotes there and just above")
  }
}

/// The first tab before the first word of a line.
private func firstIndentingTab(in text: String) -> SourcePlace? {
  for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
    let spaces = line.prefix { $0 == " " }
    if line.dropFirst(spaces.count).first == "\t" {
      return SourcePlace(line: index + 1, column: spaces.count + 1)
    }
  }
  return nil
}
