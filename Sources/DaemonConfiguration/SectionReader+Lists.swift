internal import RateControl
internal import Yams

extension SectionReader {
  /// A list of different texts, none empty.
  func texts(_ name: String, of expected: String, example: String) -> [String]? {
    list(name, of: "a list of \(expected)s", example: example) { node in
      guard let text = text(name, node, expected: "a \(expected)") else { return nil }
      if !text.isEmpty { return text }
      report(name, at: SourcePlace(node), found: "an empty text", expected: "a \(expected)")
      return nil
    }
  }

  /// A list of `NAME=RATE`, each name once.
  func controlledPoints(_ name: String) -> [ControlledPoint]? {
    let expected =
      "NAME=RATE with a false-positive rate from 1e-6 to 0.5, or with events a second as in 20/s"
    var names: Set<String> = []
    return list(
      name, of: "a list of working points, each as NAME=RATE", countMax: 16
    ) { node in
      guard let text = text(name, node, expected: expected) else { return nil }
      let parts = text.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, let target = RateTarget(parts[1]) else {
        report(name, at: SourcePlace(node), found: "`\(text)`", expected: expected)
        return nil
      }
      guard names.insert(String(parts[0])).inserted else {
        report(
          name, at: SourcePlace(node), found: "`\(parts[0])` twice", expected: "each point once")
        return nil
      }
      return ControlledPoint(
        name: String(parts[0]), target: target,
        place: SourcePlace(node).map { "\($0)" } ?? "")
    }
  }

  /// A list of different words of `words`.
  func words(_ name: String, of words: [String]) -> [String]? {
    list(name, of: "a list of \(alternatives(words))", example: words[0]) { node in
      word(name, node, of: words)
    }
  }

  /// A list of different whole numbers within `range`.
  func integers(_ name: String, in range: ClosedRange<Int>) -> [Int]? {
    let expected = "a list of whole numbers from \(range.lowerBound) to \(range.upperBound)"
    return list(name, of: expected) { node in
      let shape = NodeShape(node)
      if case .number(let text) = shape, let value = decimal(text), range.contains(value) {
        return value
      }
      report(name, at: SourcePlace(node), found: shape.description, expected: expected)
      return nil
    }
  }

  /// A list of different addresses that `check` accepts.
  func addresses(_ name: String, check: (String) -> AddressFault?) -> [String]? {
    list(name, of: "a list of addresses", countMax: addressCountMax) { node in
      guard let address = text(name, node, expected: "an address") else { return nil }
      guard let fault = check(address) else { return address }
      report(
        name, at: SourcePlace(node), found: "`\(address)`", expected: fault.expected,
        remedy: fault.remedy)
      return nil
    }
  }

  /// The elements that `read` takes, each once; nil where there is no list.
  private func list<Element: Hashable>(
    _ name: String, of expected: String, example: String = "", countMax: Int = .max,
    read: (Node) -> Element?
  ) -> [Element]? {
    guard let entry = entry(name) else { return nil }
    guard case .sequence(let sequence) = entry.node else {
      let shape = NodeShape(entry.node)
      report(
        name, found: shape.description, expected: expected,
        remedy: "write [\(shape.text ?? example)]")
      return nil
    }
    guard sequence.count <= countMax else {
      report(name, found: "\(sequence.count) elements", expected: "at most \(countMax)")
      return nil
    }
    var accepted: [Element] = []
    var seen: Set<Element> = []
    for node in sequence where !isRefused(node, key: "\(prefix)\(name)", log: log) {
      guard let element = read(node) else { continue }
      if seen.insert(element).inserted {
        accepted.append(element)
      } else {
        report(name, at: SourcePlace(node), found: twice(NodeShape(node)), expected: "it once")
      }
    }
    return accepted
  }

  private func twice(_ shape: NodeShape) -> String {
    if case .number(let text) = shape { "\(text) twice" } else { "`\(shape.text ?? "")` twice" }
  }
}

/// Sockets of one list.
private let addressCountMax = 256
