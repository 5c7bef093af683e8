import StrictJSON
import Testing

@Test(arguments: [
  ("null", JSONValue.null),
  (" true ", .bool(true)),
  ("-0.5e+3", .number("-0.5e+3")),
  ("[]", .array([])),
  ("[1, [2], {}]", .array([.number("1"), .array([.number("2")]), .object([:])])),
  ("{\"b\": 1, \"a\": \"x\"}", .object(["b": .number("1"), "a": .string("x")])),
  ("\"\\u00e9\\n\\ud83d\\ude00/\\/\"", .string("é\n😀//")),
])
func textIsRead(text: String, value: JSONValue) throws {
  #expect(try JSONValue(parsing: text) == value)
  #expect(try JSONValue(parsing: value.text) == value)
  #expect(try JSONValue(parsing: value.compactText) == value)
}

@Test(arguments: [
  ("", 1, 1, "the end of the file", "a value"),
  ("{\"a\": 1,\n \"a\": 2}", 2, 2, "the name \"a\" again", "each name once"),
  ("{\"a\" 1}", 1, 6, "'1'", "a colon"),
  ("{\"a\": 1", 1, 8, "the end of the file", "a comma or a closing brace"),
  ("[1,]", 1, 4, "']'", "a value"),
  ("[1 2]", 1, 4, "'2'", "a comma or a closing bracket"),
  ("01", 1, 2, "'1'", "the end of the file"),
  ("1.", 1, 3, "the end of the file", "a digit"),
  ("nul", 1, 1, "'n'", "a value"),
  ("NaN", 1, 1, "'N'", "a value"),
  ("\"a", 1, 3, "the end of the file", "a closing quote"),
  ("\"\t\"", 1, 2, "the byte 9", "an escape such as \\n"),
  ("\u{FEFF}{}", 1, 1, "a byte order mark", "JSON, saved as UTF-8 without one"),
  ("\"\\x\"", 1, 3, "'x'", "an escape of JSON"),
  ("\"\\u12g4\"", 1, 4, "'1'", "four hexadecimal digits"),
  ("\"\\ud800\"", 1, 8, "half of a surrogate pair", "both halves"),
  ("\"\\ud800\\u0041\"", 1, 14, "half of a surrogate pair", "both halves"),
  ("\"\\udc00\\ud800\"", 1, 8, "half of a surrogate pair", "both halves"),
  ("// remark", 1, 1, "'/'", "a value"),
])
func faultsSayWhere(text: String, line: Int, column: Int, found: String, expected: String) {
  let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) }
  #expect(error?.line == line)
  #expect(error?.column == column)
  #expect(error?.found == found)
  #expect(error?.expected == expected)
}

@Test func depthIsLimited() {
  let nested = { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }
  #expect(throws: Never.self) { try JSONValue(parsing: nested(64)) }
  #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: nested(65)) }
  #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: nested(1_000_000)) }
}

@Test func bytesThatAreNotUTF8AreRefused() {
  #expect(throws: JSONSyntaxError.self) {
    try [UInt8]([0x22, 0xC3, 0x28, 0x22]).withUnsafeBytes { try JSONValue(parsing: $0) }
  }
}

/// Read as float32, and as float64 then rounded, as most readers do.
@Test(arguments: [
  Float(0.1), 1 / 3, .greatestFiniteMagnitude, .leastNonzeroMagnitude, -0.0, 7.038531e-26,
])
func numbersKeepTheirBits(value: Float) throws {
  guard case .number(let text) = try JSONValue(parsing: JSONValue.real(value).text) else {
    Issue.record("not a number")
    return
  }
  #expect(Float(text)?.bitPattern == value.bitPattern)
  #expect(Double(text).map { Float($0).bitPattern } == value.bitPattern)
}
