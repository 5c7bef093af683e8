internal import StrictJSON

/// Lookups in the document of a daemon of perhaps another version: members that are not there are
/// null.
extension JSONValue {
  subscript(_ key: String) -> JSONValue {
    if case .object(let object) = self { object[key] ?? .null } else { .null }
  }

  var list: [JSONValue] { if case .array(let values) = self { values } else { [] } }

  var members: [(name: String, value: JSONValue)] {
    if case .object(let object) = self { object.members.map { ($0.name, $0.value) } } else { [] }
  }

  var number: Double? {
    guard case .number(let text) = self, let number = Double(text), number.isFinite else {
      return nil
    }
    return number
  }

  var isTrue: Bool { self == .bool(true) }

  var isThere: Bool { self != .null }

  /// A string without control characters, which could move the cursor.
  var string: String? {
    guard case .string(let text) = self else { return nil }
    return String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) ? "?" : $0 }))
  }
}
