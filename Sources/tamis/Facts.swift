internal import FoundationEssentials
internal import Glibc

/// What a command found out: one line a fact, or one JSON object with `--json`.
struct Facts {
  /// The value of a fact.
  enum Value: Encodable {
    case text(String)
    case integer(Int)
    case number(Double)
    case truth(Bool)
    case list([Value])
    case object([(String, Value)])
    case nothing
  }

  private var entries: [(name: String, value: Value, line: String?)] = []

  /// Adds a fact: `line` is how it reads in text (nil: `name: value`), `name` its key in JSON.
  mutating func add(_ name: String, _ value: Value, line: String? = nil) {
    entries.append((name, value, line))
  }

  /// Prints all facts to stdout.
  func print(asJSON: Bool) throws {
    if asJSON {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
      let object = Value.object(entries.map { ($0.name, $0.value) })
      Swift.print(String(decoding: try encoder.encode(object), as: UTF8.self))
    } else {
      for entry in entries { Swift.print(entry.line ?? "\(entry.name): \(entry.value.text)") }
    }
  }
}

extension Facts.Value {
  fileprivate var text: String {
    switch self {
    case .text(let text): text
    case .integer(let integer): "\(integer)"
    case .number(let number): "\(number)"
    case .truth(let truth): truth ? "yes" : "no"
    case .list(let list): list.map(\.text).joined(separator: ", ")
    case .object(let members): members.map { "\($0) \($1.text)" }.joined(separator: ", ")
    case .nothing: "none"
    }
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  func encode(to encoder: any Encoder) throws {
    switch self {
    case .object(let members):
      var container = encoder.container(keyedBy: Key.self)
      for (name, value) in members { try container.encode(value, forKey: Key(stringValue: name)) }
    case .list(let list):
      var container = encoder.unkeyedContainer()
      for value in list { try container.encode(value) }
    case .text(let text): try encode(text, encoder)
    case .integer(let integer): try encode(integer, encoder)
    case .number(let number): try encode(number, encoder)
    case .truth(let truth): try encode(truth, encoder)
    case .nothing:
      var container = encoder.singleValueContainer()
      try container.encodeNil()
    }
  }

  private func encode(_ value: some Encodable, _ encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}
