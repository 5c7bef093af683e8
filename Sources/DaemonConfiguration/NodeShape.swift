internal import Yams

/// The form of a value, as a reader of the file sees it.
enum NodeShape {
  /// Nothing, `~` or `null`.
  case nothing
  /// An unquoted true or false.
  case boolean(String)
  /// An unquoted number of any form.
  case number(String)
  /// An unquoted text.
  case word(String)
  /// A text in quotes or a block text.
  case quoted(String)
  case list
  case section

  init(_ node: Node) {
    switch node {
    case .scalar(let scalar):
      self = NodeShape.scalar(scalar)
    case .sequence:
      self = .list
    case .mapping, .alias:
      self = .section
    }
  }

  private static func scalar(_ scalar: Node.Scalar) -> NodeShape {
    let text = scalar.string
    guard scalar.style == .plain || scalar.style == .any else { return .quoted(text) }
    switch text.lowercased() {
    case "", "~", "null": return .nothing
    case "true", "false": return .boolean(text)
    default: return looksLikeNumber(text) ? .number(text) : .word(text)
    }
  }

  /// The text of a single value, quoted or not; nil for the others.
  var text: String? {
    switch self {
    case .boolean(let text), .number(let text), .word(let text), .quoted(let text): text
    case .nothing, .list, .section: nil
    }
  }

  /// For "found ...".
  var description: String {
    switch self {
    case .nothing: "nothing"
    case .boolean(let text): "the boolean \(text)"
    case .number(let text): "the number \(text)"
    case .word(let text): "`\(text)`"
    case .quoted(""): "an empty text"
    case .quoted(let text): "the text \"\(text)\""
    case .list: "a list"
    case .section: "a section"
    }
  }
}

/// Whether YAML readers would take `text` for a number: decimal, octal, hexadecimal, with
/// underscores or an exponent.
private func looksLikeNumber(_ text: String) -> Bool {
  var digits = Substring(text)
  if let sign = digits.first, sign == "-" || sign == "+" { digits.removeFirst() }
  if digits.hasPrefix("0x") || digits.hasPrefix("0o") { return true }
  let plain = String(digits.filter { $0 != "_" })
  guard let first = plain.first, first.isNumber || first == "." else { return false }
  return Double(plain) != nil
}
