/// Where a text stops being JSON.
package struct JSONSyntaxError: Error, Equatable {
  /// Counted from 1.
  package var line: Int
  /// Counted from 1, in bytes.
  package var column: Int
  package var found: String
  package var expected: String
}

extension JSONValue {
  /// Reads a whole text in UTF-8 by the grammar of RFC 8259, without leniency: no comments, no
  /// trailing commas, no repeated names, at most 64 levels deep.
  package init(parsing bytes: UnsafeRawBufferPointer) throws(JSONSyntaxError) {
    var parser = JSONParser(bytes: bytes)
    self = try parser.document()
  }

  /// The same for a text in memory.
  package init(parsing text: String) throws(JSONSyntaxError) {
    self = try Array(text.utf8).withUnsafeBufferPointer { bytes throws(JSONSyntaxError) in
      try JSONValue(parsing: UnsafeRawBufferPointer(bytes))
    }
  }
}

private struct JSONParser {
  private static let depthMax = 64
  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var depth = 0

  init(bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  mutating func document() throws(JSONSyntaxError) -> JSONValue {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      throw fault(found: "a byte order mark", expected: "JSON, saved as UTF-8 without one")
    }
    let value = try self.value()
    skipSpace()
    if position < bytes.count { throw fault(expected: "the end of the file") }
    return value
  }

  private mutating func value() throws(JSONSyntaxError) -> JSONValue {
    skipSpace()
    switch next ?? 0 {
    case UInt8(ascii: "{"): return .object(try object())
    case UInt8(ascii: "["): return .array(try array())
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
    default: return try word()
    }
  }

  /// Steps over an opening brace or bracket.
  private mutating func descend() throws(JSONSyntaxError) {
    if depth == Self.depthMax { throw fault(expected: "at most \(Self.depthMax) levels") }
    depth += 1
    position += 1
  }

  private mutating func object() throws(JSONSyntaxError) -> JSONObject {
    try descend()
    defer { depth -= 1 }
    var members: [JSONObject.Member] = []
    var names = Set<String>()
    if take("}") { return JSONObject() }
    repeat {
      skipSpace()
      let start = position
      guard next == UInt8(ascii: "\"") else { throw fault(expected: "a name in quotes") }
      let name = try string()
      if !names.insert(name).inserted {
        position = start
        throw fault(found: "the name \"\(name)\" again", expected: "each name once")
      }
      if !take(":") { throw fault(expected: "a colon") }
      members.append(JSONObject.Member(name: name, value: try value()))
    } while take(",")
    if !take("}") { throw fault(expected: "a comma or a closing brace") }
    return JSONObject(unique: members)
  }

  private mutating func array() throws(JSONSyntaxError) -> [JSONValue] {
    try descend()
    defer { depth -= 1 }
    var values: [JSONValue] = []
    if take("]") { return values }
    repeat { values.append(try value()) } while take(",")
    if !take("]") { throw fault(expected: "a comma or a closing bracket") }
    return values
  }

  private mutating func word() throws(JSONSyntaxError) -> JSONValue {
    let words: [(StaticString, JSONValue)] = [
      ("null", .null), ("true", .bool(true)), ("false", .bool(false)),
    ]
    for (word, value) in words {
      let text = UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
      if bytes[position...].starts(with: text) {
        position += text.count
        return value
      }
    }
    throw fault(expected: "a value")
  }

  private mutating func number() throws(JSONSyntaxError) -> String {
    let start = position
    if next == UInt8(ascii: "-") { position += 1 }
    if next == UInt8(ascii: "0") { position += 1 } else { try digits() }
    if next == UInt8(ascii: ".") {
      position += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func digits() throws(JSONSyntaxError) {
    guard isDigit(next) else { throw fault(expected: "a digit") }
    while isDigit(next) { position += 1 }
  }

  private mutating func string() throws(JSONSyntaxError) -> String {
    let start = position
    var content: [UInt8] = []
    position += 1
    while let byte = next, byte != UInt8(ascii: "\"") {
      if byte < 0x20 { throw fault(expected: "an escape such as \\n") }
      position += 1
      if byte == UInt8(ascii: "\\") {
        content.append(contentsOf: String(try escape()).utf8)
      } else {
        content.append(byte)
      }
    }
    if next == nil { throw fault(expected: "a closing quote") }
    position += 1
    guard let text = String(validating: content, as: UTF8.self) else {
      position = start
      throw fault(found: "bytes that are not UTF-8", expected: "a string in UTF-8")
    }
    return text
  }

  private mutating func escape() throws(JSONSyntaxError) -> Unicode.Scalar {
    let simple: [UInt8: Unicode.Scalar] = [
      UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/",
      UInt8(ascii: "b"): "\u{8}", UInt8(ascii: "f"): "\u{c}", UInt8(ascii: "n"): "\n",
      UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
    ]
    if let scalar = next.flatMap({ simple[$0] }) {
      position += 1
      return scalar
    }
    guard take(exactly: "u") else { throw fault(expected: "an escape of JSON") }
    let high = try hexadecimal()
    if let scalar = Unicode.Scalar(high) { return scalar }
    // A surrogate: the other half of the pair must follow.
    if high < 0xDC00, take(exactly: "\\"), take(exactly: "u") {
      let low = try hexadecimal()
      if (0xDC00..<0xE000).contains(low) {
        let joined = 0x10000 + (UInt32(high) - 0xD800) << 10 + (UInt32(low) - 0xDC00)
        if let scalar = Unicode.Scalar(joined) { return scalar }
      }
    }
    throw fault(found: "half of a surrogate pair", expected: "both halves")
  }

  private mutating func hexadecimal() throws(JSONSyntaxError) -> UInt16 {
    let end = min(position + 4, bytes.count)
    let text = String(decoding: bytes[position..<end], as: UTF8.self)
    guard text.utf8.count == 4, text.allSatisfy(\.isHexDigit), let value = UInt16(text, radix: 16)
    else { throw fault(expected: "four hexadecimal digits") }
    position = end
    return value
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func isDigit(_ byte: UInt8?) -> Bool {
    byte.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
  }

  private mutating func skipSpace() {
    while let byte = next, [0x20, 0x0A, 0x0D, 0x09].contains(byte) { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    return take(exactly: character)
  }

  private mutating func take(exactly character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private func fault(found: String? = nil, expected: String) -> JSONSyntaxError {
    let before = bytes[..<position]
    let line = 1 + before.count { $0 == 0x0A }
    let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    let here = next.map {
      (0x21..<0x7F).contains($0) ? "'\(Unicode.Scalar($0))'" : "the byte \($0)"
    }
    return JSONSyntaxError(
      line: line, column: position - lineStart + 1, found: found ?? here ?? "the end of the file",
      expected: expected)
  }
}
