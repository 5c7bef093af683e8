internal import StrictJSON

/// The results of a command: one line for each fact, or one JSON object with `--json`.
struct Facts {
  /// The value of a fact.
  typealias Value = JSONValue

  private var entries: [(name: String, value: Value, line: String?)] = []

  /// Adds a fact: `line` is how it reads in text (nil: `name: value`, "": not at all), `name` its key
  /// in JSON.
  mutating func add(_ name: String, _ value: Value, line: String? = nil) {
    entries.append((name, value, line))
  }

  /// Prints all facts to stdout.
  func print(asJSON: Bool) {
    if asJSON {
      var object = JSONObject()
      for entry in entries { object[entry.name] = entry.value }
      Swift.print(Value.object(object).text)
    } else {
      for entry in entries where entry.line != "" {
        Swift.print(entry.line ?? "\(entry.name): \(entry.value.plainText)")
      }
    }
  }
}

extension Facts.Value {
  /// The value as people read it on a line of its own.
  fileprivate var plainText: String {
    switch self {
    case .string(let text): text
    case .bool(let truth): truth ? "yes" : "no"
    case .null: "none"
    case .array(let values): values.map(\.plainText).joined(separator: ", ")
    case .number, .object: compactText
    }
  }
}
