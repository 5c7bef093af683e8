extension JSONValue {
  /// The value as text that people can read: a container that fits on one line of 100 columns, or
  /// holds scalars alone, stands on one line; any other has a line per member. No newline at
  /// the end.
  package var text: String {
    var text = ""
    write(to: &text, indentation: 0)
    return text
  }

  private func write(to text: inout String, indentation: Int) {
    let compact = compactText
    if holdsScalarsAlone || indentation + compact.utf8.count <= 100 && indentation > 0 {
      text += compact
      return
    }
    let margin = String(repeating: " ", count: indentation)
    switch self {
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        text += "\(index == 0 ? "" : ",")\n\(margin)  "
        value.write(to: &text, indentation: indentation + 2)
      }
      text += "\n\(margin)]"
    case .object(let object):
      text += "{"
      for (index, member) in object.members.enumerated() {
        text += "\(index == 0 ? "" : ",")\n\(margin)  \(Self.quoted(member.name)): "
        member.value.write(to: &text, indentation: indentation + 2)
      }
      text += "\n\(margin)}"
    default:
      text += compact
    }
  }

  /// The value on one line.
  package var compactText: String {
    switch self {
    case .null: "null"
    case .bool(let value): String(value)
    case .number(let text): text
    case .string(let value): Self.quoted(value)
    case .array(let values): "[\(values.map(\.compactText).joined(separator: ", "))]"
    case .object(let object):
      "{"
        + object.members.map { "\(Self.quoted($0.name)): \($0.value.compactText)" }
        .joined(separator: ", ") + "}"
    }
  }

  /// A string as it is, any other value on one line.
  package var bareText: String {
    if case .string(let text) = self { text } else { compactText }
  }

  /// The value with the members of all objects sorted, so that equal values have equal text: on one
  /// line without spaces, as a model's training record has it, or with a line for each member and
  /// element, as a run's manifest has it. No newline at the end.
  package func sortedText(isIndented: Bool) -> String {
    var text = ""
    writeSorted(to: &text, lineBreak: isIndented ? "\n" : nil)
    return text
  }

  /// `lineBreak` is a newline and the margin of this value; nil where all is one line.
  private func writeSorted(to text: inout String, lineBreak: String?) {
    let inner = lineBreak.map { $0 + "  " }
    func write<Element>(_ elements: [Element], _ each: (Element) -> Void) {
      for (index, element) in elements.enumerated() {
        text += (index == 0 ? "" : ",") + (inner ?? "")
        each(element)
      }
      if let lineBreak { text += (elements.isEmpty ? "\n" : "") + lineBreak }
    }
    switch self {
    case .array(let values):
      text += "["
      write(values) { $0.writeSorted(to: &text, lineBreak: inner) }
      text += "]"
    case .object(let object):
      text += "{"
      write(object.sorted.members) { member in
        text += Self.quoted(member.name) + (inner == nil ? ":" : " : ")
        member.value.writeSorted(to: &text, lineBreak: inner)
      }
      text += "}"
    default:
      text += compactText
    }
  }

  private var isScalar: Bool {
    switch self {
    case .array, .object: false
    default: true
    }
  }

  private var holdsScalarsAlone: Bool {
    if case .array(let values) = self { values.allSatisfy(\.isScalar) } else { isScalar }
  }

  private static func quoted(_ string: String) -> String {
    var text = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
