internal import Yams

/// The YAML text as nodes with positions; what is wrong with it as YAML goes into the log.
final class YAMLDocument {
  /// The root; nil where the text is empty or not YAML.
  private(set) var root: Node?
  /// Nodes refer weakly to their anchors, which live as long as the parser.
  private var parser: Parser?

  /// Duplicated keys are reported and set aside, so that the rest of the file is still checked.
  init(_ text: String, log: FaultLog) {
    var text = text
    // Each round sets one duplicate aside; the limit only guards against a file of nothing else.
    for round in 0..<64 {
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
        log.add(syntaxFault: error)
        break
      }
    }
  }

  /// Whether `key` was set aside as a duplicate.
  static func isSetAside(_ key: String) -> Bool {
    key.unicodeScalars.first.map { setAsideMarks.contains($0.value) } ?? false
  }
}

/// Private-use characters: no key of ours contains them, and YAML allows them.
private let setAsideMarks: ClosedRange<UInt32> = 0xE000...0xE0FF

/// Where a block mapping has `name` again: the next line with the same indentation that begins
/// with it. nil in a flow mapping (`{a: 1, a: 2}`).
private func secondPlace(of name: String, after first: SourcePlace, in text: String) -> SourcePlace?
{
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  for (index, line) in lines.enumerated().dropFirst(first.line) {
    let content = line.drop { $0 == " " }
    if content.isEmpty || content.hasPrefix("#") { continue }
    let column = line.count - content.count + 1
    if column < first.column { return nil }
    if column == first.column, startsWithKey(content, name) {
      return SourcePlace(line: index + 1, column: column)
    }
  }
  return nil
}

private func startsWithKey(_ line: Substring, _ name: String) -> Bool {
  ["\(name)", "\"\(name)\"", "'\(name)'"].contains { spelling in
    line.hasPrefix(spelling)
      && line.dropFirst(spelling.count).drop { $0 == " " }.first == ":"
  }
}

/// Renames the key at `place` to something of the same length, so that all positions stay.
private func settingAside(
  _ name: String, at place: SourcePlace, round: Int, in text: String
) -> String {
  var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  var line = Array(lines[place.line - 1].unicodeScalars)
  let start = place.column - 1
  let isQuoted = line[start] == "\"" || line[start] == "'"
  let length = name.unicodeScalars.count + (isQuoted ? 2 : 0)
  let mark = Unicode.Scalar(setAsideMarks.lowerBound + UInt32(round)) ?? "?"
  line.replaceSubrange(start..<start + length, with: repeatElement(mark, count: length))
  lines[place.line - 1] = String(String.UnicodeScalarView(line))
  return lines.joined(separator: "\n")
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
  fileprivate func add(syntaxFault error: any Error) {
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
    add(
      place, found: "something that is not YAML (\(problem))", expected: "lines of `key: value`",
      remedy: "look at the indentation, the colons and the quotes there and just above")
  }
}
