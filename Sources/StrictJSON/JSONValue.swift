/// A JSON value that keeps what Foundation's types lose: the text of numbers and the order of
/// members. A threshold reads back to the same bits, a target rate stays the decimal that was typed,
/// and a file that is read and written again keeps keys that this version does not know.
public enum JSONValue: Equatable, Sendable {
  /// `null`
  case null
  /// `true` or `false`
  case bool(Bool)
  /// A number as it is written; always in JSON's grammar.
  case number(String)
  /// A text.
  case string(String)
  /// A list.
  case array([JSONValue])
  /// Named values.
  case object(JSONObject)

  /// An integer.
  public static func integer(_ value: some BinaryInteger) -> JSONValue {
    .number(String(value))
  }

  /// A finite number, as the shortest text that reads back to the same bits. Traps where `value` is
  /// not finite.
  public static func real(_ value: Double) -> JSONValue {
    precondition(value.isFinite, "JSON has no text for \(value)")
    return .number(String(value))
  }

  /// A finite number, as a text that reads back to the same bits whether it is read as float32 or,
  /// as most JSON readers do, as float64 and then rounded.
  ///
  /// Only one float32 value needs more than its shortest text for that: 7.038531e-26, whose text
  /// lies so near the middle of two floats that the nearest double is the middle.
  package static func real(_ value: Float) -> JSONValue {
    precondition(value.isFinite, "JSON has no text for \(value)")
    let isSafe = Double(String(value)).map { Float($0) == value } ?? false
    return .number(isSafe ? String(value) : String(Double(value)))
  }

  /// The same without ".0" behind a whole number, as manifests and training records have it. Traps
  /// where `value` is not finite.
  package static func shortest(
    _ value: some BinaryFloatingPoint & LosslessStringConvertible
  ) -> JSONValue {
    precondition(value.isFinite, "JSON has no text for \(value)")
    let text = value.description
    return .number(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
  }

  /// A text, shortened for a message.
  private static func shown(_ text: String) -> String {
    text.utf8.count <= 200 ? text : "\(text.prefix(80))... (\(text.utf8.count) bytes)"
  }

  /// `value`, or null where there is none.
  package static func optional<Wrapped>(
    _ value: Wrapped?, _ make: (Wrapped) -> JSONValue
  ) -> JSONValue {
    value.map(make) ?? .null
  }

  /// A number; null where it is missing, NaN or infinite: JSON has no text for these.
  package static func finite(_ value: Double?) -> JSONValue {
    value.flatMap { $0.isFinite ? .real($0) : nil } ?? .null
  }

  /// The same with the digits of a float32.
  package static func finite(_ value: Float?) -> JSONValue {
    value.flatMap { $0.isFinite ? .real($0) : nil } ?? .null
  }

  /// Both ends of an interval, or null.
  package static func interval(_ interval: ClosedRange<Double>?) -> JSONValue {
    .optional(interval) { .array([.finite($0.lowerBound), .finite($0.upperBound)]) }
  }

  /// What the value is, for messages: "a string", "an array", ...
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool(let value): String(value)
    case .number(let text): Self.shown(text)
    case .string(let text): "the string \"\(Self.shown(text))\""
    case .array: "an array"
    case .object: "an object"
    }
  }
}

/// The members of a JSON object in the order of the file; names are unique.
public struct JSONObject: Equatable, Sendable {
  /// One name and its value.
  public struct Member: Equatable, Sendable {
    /// Unique in the object.
    public var name: String
    /// The value of that name.
    public var value: JSONValue
  }

  /// All members, first one first.
  public private(set) var members: [Member] = []

  /// An object without members.
  public init() {}

  /// An object of these members, whose names differ.
  init(unique members: [Member]) {
    self.members = members
  }

  /// The value of `name`. Setting nil removes the member; a new name goes to the end. O(members).
  public subscript(name: String) -> JSONValue? {
    get { members.first { $0.name == name }?.value }
    set {
      let place = members.firstIndex { $0.name == name }
      switch (place, newValue) {
      case (let place?, let value?): members[place].value = value
      case (let place?, nil): members.remove(at: place)
      case (nil, let value?): members.append(Member(name: name, value: value))
      case (nil, nil): break
      }
    }
  }

  /// The members whose names are not in `known`.
  package func members(except known: [String]) -> JSONObject {
    var rest = self
    rest.members.removeAll { known.contains($0.name) }
    return rest
  }

  /// An object of these members, whose names differ, by the bytes of their names.
  package init(sorting members: [(name: String, value: JSONValue)]) {
    self = JSONObject(unique: members.map { Member(name: $0.name, value: $0.value) }).sorted
  }

  /// The members by the bytes of their names.
  package var sorted: JSONObject {
    JSONObject(
      unique: members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) })
  }

  /// Adds all members of `other`; its values win.
  package mutating func merge(_ other: JSONObject) {
    for member in other.members { self[member.name] = member.value }
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// Members in the order written.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    for (name, value) in elements { self[name] = value }
  }
}
