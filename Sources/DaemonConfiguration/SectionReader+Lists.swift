internal import Yams

extension SectionReader {
  /// A list of different texts, none empty; empty where there is none.
  func texts(_ name: String, of expected: String, example: String) -> [String] {
    var accepted: [String] = []
    var seen: Set<String> = []
    for node in nodes(name, of: "a list of \(expected)s", example: example) {
      guard let text = text(name, node, expected: "a \(expected)") else { continue }
      if text.isEmpty {
        report(name, at: SourcePlace(node), found: "an empty text", expected: "a \(expected)")
      } else if !seen.insert(text).inserted {
        report(name, at: SourcePlace(node), found: "`\(text)` twice", expected: "it once")
      } else {
        accepted.append(text)
      }
    }
    return accepted
  }

  /// A list of different words of a list.
  func choices<Choice>(
    _ name: String
  ) -> [Choice] where Choice: CaseIterable & RawRepresentable<String> & Equatable {
    let words = Choice.allCases.map(\.rawValue)
    var accepted: [Choice] = []
    for node in nodes(name, of: "a list of \(alternatives(words))", example: words[0]) {
      let shape = NodeShape(node)
      let text = shape.text ?? ""
      guard let choice = Choice(rawValue: text) else {
        report(
          name, at: SourcePlace(node), found: shape.description, expected: alternatives(words),
          remedy: closestWord(to: text, among: words).map { "did you mean `\($0)`?" })
        continue
      }
      if accepted.contains(choice) {
        report(name, at: SourcePlace(node), found: "`\(text)` twice", expected: "it once")
      } else {
        accepted.append(choice)
      }
    }
    return accepted
  }

  /// The elements of a list without the refused ones.
  private func nodes(_ name: String, of expected: String, example: String) -> [Node] {
    guard let entry = entry(name) else { return [] }
    guard case .sequence(let sequence) = entry.node else {
      let shape = NodeShape(entry.node)
      report(
        name, found: shape.description, expected: expected,
        remedy: "write [\(shape.text ?? example)]")
      return []
    }
    return sequence.filter { !isRefused($0, key: "\(prefix)\(name)", log: log) }
  }
}
