internal import Yams

extension SectionReader {
  /// A whole number within `range`, in decimal.
  func integer(_ name: String, in range: ClosedRange<Int>, default standard: Int) -> Int {
    guard let entry = entry(name) else { return standard }
    let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    let shape = NodeShape(entry.node)
    switch shape {
    case .number(let text):
      if let value = decimal(text), range.contains(value) { return value }
      report(name, found: text, expected: expected, remedy: numberRemedy(text))
    case .quoted(let text) where decimal(text) != nil:
      report(name, found: shape.description, expected: expected, remedy: "remove the quotes")
    default:
      report(name, found: shape.description, expected: expected)
    }
    return standard
  }

  /// A list of different whole numbers within `range`; empty where there is none.
  func integers(_ name: String, in range: ClosedRange<Int>) -> [Int] {
    guard let entry = entry(name) else { return [] }
    let expected = "a list of whole numbers from \(range.lowerBound) to \(range.upperBound)"
    guard case .sequence(let sequence) = entry.node else {
      let shape = NodeShape(entry.node)
      report(
        name, found: shape.description, expected: expected,
        remedy: "write [\(shape.text ?? "")]")
      return []
    }
    var accepted: [Int] = []
    for node in sequence where !isRefused(node, key: "\(prefix)\(name)", log: log) {
      let shape = NodeShape(node)
      guard case .number(let text) = shape, let value = decimal(text), range.contains(value) else {
        report(name, at: SourcePlace(node), found: shape.description, expected: expected)
        continue
      }
      if accepted.contains(value) {
        report(name, at: SourcePlace(node), found: "\(value) twice", expected: "it once")
      } else {
        accepted.append(value)
      }
    }
    return accepted
  }

  /// `true` or `false`.
  func boolean(_ name: String, default standard: Bool) -> Bool {
    guard let entry = entry(name) else { return standard }
    let shape = NodeShape(entry.node)
    if case .boolean(let text) = shape { return text.lowercased() == "true" }
    report(name, found: shape.description, expected: "true or false")
    return standard
  }

  /// One word of a list.
  func choice<Choice>(
    _ name: String, default standard: Choice
  ) -> Choice where Choice: CaseIterable & RawRepresentable<String> {
    guard let entry = entry(name) else { return standard }
    let words = Choice.allCases.map(\.rawValue)
    let shape = NodeShape(entry.node)
    let text = shape.text ?? ""
    if let value = Choice(rawValue: text) { return value }
    let suggestion = closestWord(to: text, among: words).map { "did you mean `\($0)`?" }
    report(
      name, found: shape.description, expected: alternatives(words),
      remedy: suggestion)
    return standard
  }

  /// A text, possibly empty.
  func text(_ name: String, expected: String, default standard: String) -> String {
    guard let entry = entry(name) else { return standard }
    return text(name, entry.node, expected: expected) ?? standard
  }

  /// A path that is not empty; nil where there is none.
  func path(_ name: String) -> String? {
    guard let entry = entry(name) else { return nil }
    let path = text(name, entry.node, expected: "a path")
    if path == "" { report(name, found: "an empty text", expected: "a path") }
    return path == "" || isUnexpanded(path, of: name) ? nil : path
  }

  /// Whether `path` is written for a shell, which would replace a part of it. Such a path is noted
  /// as a fault.
  func isUnexpanded(_ path: String?, of name: String) -> Bool {
    guard let path, path.hasPrefix("~") || path.hasPrefix("$") else { return false }
    report(
      name, found: "`\(path)`", expected: "a path as the system takes it",
      remedy: path.hasPrefix("~")
        ? "write the home folder out (or ./\(path) for a file of that name): only a shell knows ~"
        : "write the value out: variables are not put in here")
    return true
  }

  /// A required path; "" where it is missing.
  func requiredPath(_ name: String) -> String {
    let faultCount = log.faults.count
    if let path = path(name) { return path }
    let isMissing = log.faults.count == faultCount
    if isMissing { reportMissing(name, expected: "the path of the \(name) file") }
    return ""
  }

  /// A list of addresses that `check` accepts. The accepted ones are returned.
  func addresses(
    _ name: String, check: (String) -> AddressFault?
  ) -> [String] {
    guard let entry = entry(name) else { return [] }
    guard case .sequence(let sequence) = entry.node else {
      let shape = NodeShape(entry.node)
      report(
        name, found: shape.description, expected: "a list of addresses",
        remedy: "write [\(shape.text ?? "")]")
      return []
    }
    guard sequence.count <= addressCountMax else {
      report(name, found: "\(sequence.count) addresses", expected: "at most \(addressCountMax)")
      return []
    }
    var accepted: [String] = []
    for node in sequence {
      guard !isRefused(node, key: "\(prefix)\(name)", log: log),
        let address = text(name, node, expected: "an address")
      else { continue }
      if let fault = check(address) {
        report(
          name, at: SourcePlace(node), found: "`\(address)`", expected: fault.expected,
          remedy: fault.remedy)
      } else if accepted.contains(address) {
        report(name, at: SourcePlace(node), found: "`\(address)` twice", expected: "it once")
      } else {
        accepted.append(address)
      }
    }
    return accepted
  }

  func text(_ name: String, _ node: Node, expected: String) -> String? {
    let place = SourcePlace(node)
    let shape = NodeShape(node)
    switch shape {
    case .word(let text), .quoted(let text):
      if !text.unicodeScalars.contains(where: { $0.value < 0x20 }) { return text }
      report(name, at: place, found: "a text with a control character", expected: expected)
    case .number(let text), .boolean(let text):
      report(
        name, at: place, found: shape.description, expected: expected,
        remedy: "if it is meant as text, write \"\(text)\"")
    case .nothing, .list, .section:
      report(name, at: place, found: shape.description, expected: expected)
    }
    return nil
  }
}

/// Sockets of one list.
private let addressCountMax = 256

/// The value of decimal digits without a needless zero in front; nil for anything else.
private func decimal(_ text: String) -> Int? {
  guard let value = Int(text), String(value) == text else { return nil }
  return value
}

/// Other ways to write a number, which YAML readers disagree about.
private func numberRemedy(_ text: String) -> String? {
  let digits = text.drop { $0 == "-" }
  let isDigitsOnly = digits.allSatisfy { $0.isASCII && $0.isNumber }
  if isDigitsOnly, digits.count > 1, digits.first == "0" {
    return "drop the leading zero, which many YAML readers take for octal"
  }
  return isDigitsOnly || digits.contains(".") ? nil : "write it in plain decimal digits"
}

/// `a`, `a or b`, `a, b or c`.
func alternatives(_ words: [String]) -> String {
  guard let last = words.last, words.count > 1 else { return words.first ?? "" }
  return words.dropLast().joined(separator: ", ") + " or " + last
}
