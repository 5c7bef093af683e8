internal import CurveSecurity
internal import Yams

extension SectionReader {
  /// A whole number within `range`, in decimal.
  func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
    guard let entry = entry(name) else { return nil }
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
    return nil
  }

  /// `true` or `false`.
  func boolean(_ name: String) -> Bool? {
    guard let entry = entry(name) else { return nil }
    let shape = NodeShape(entry.node)
    if case .boolean(let text) = shape { return text.lowercased() == "true" }
    report(name, found: shape.description, expected: "true or false")
    return nil
  }

  /// One of `words`.
  func word(_ name: String, of words: [String]) -> String? {
    entry(name).flatMap { word(name, $0.node, of: words) }
  }

  /// The same of an element of a list.
  func word(_ name: String, _ node: Node, of words: [String]) -> String? {
    let shape = NodeShape(node)
    let text = shape.text ?? ""
    if words.contains(text) { return text }
    report(
      name, at: SourcePlace(node), found: shape.description, expected: alternatives(words),
      remedy: closestWord(to: text, among: words).map { "did you mean `\($0)`?" })
    return nil
  }

  /// A text, possibly empty.
  func text(_ name: String, expected: String) -> String? {
    entry(name).flatMap { text(name, $0.node, expected: expected) }
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

  /// The same; it is a fault where there is none.
  func requiredPath(_ name: String) -> String? {
    let path = path(name)
    if path == nil, !hasFault(name) {
      reportMissing(name, expected: "the path of the \(name) file")
    }
    return path
  }

  /// A file of keys: a path, or `credential:NAME`; nil for an empty text.
  func keyFile(_ name: String) -> String? {
    let expected = "a path, credential:NAME, or \"\" for none"
    guard let text = text(name, expected: expected) else { return nil }
    guard text.hasPrefix(KeyFile.credentialPrefix) else {
      return text.isEmpty || isUnexpanded(text, of: name) ? nil : text
    }
    let credential = text.dropFirst(KeyFile.credentialPrefix.count)
    if credential.isEmpty || credential.contains("/") {
      report(
        name, found: "`\(text)`", expected: "credential:NAME",
        remedy: "NAME is what stands before the colon in LoadCredential=NAME:PATH")
    }
    return text
  }

  /// HOST:PORT; nil within for an empty text, and nil where the key is missing or wrong.
  func listenAddress(_ name: String) -> String?? {
    guard let address = text(name, expected: "HOST:PORT, or \"\" for no endpoint") else {
      return nil
    }
    if address.isEmpty { return .some(nil) }
    guard let fault = faultOfListenAddress(address) else { return address }
    report(name, found: "`\(address)`", expected: fault.expected, remedy: fault.remedy)
    return nil
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

/// The value of decimal digits without a needless zero in front; nil for anything else.
func decimal(_ text: String) -> Int? {
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
