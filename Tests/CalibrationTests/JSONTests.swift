import Calibration
import ReproducibleMath
import Testing

@Suite struct JSONTests {
  private func parse(_ text: String) throws -> JSONValue {
    var text = text
    return try text.withUTF8 { try JSONValue(parsing: UnsafeRawBufferPointer($0)) }
  }

  @Test func keepsOrderNumbersAndStrings() throws {
    let text =
      #"{"z": 1.50e-3, "a": [null, true, false, -0, 12345678901234567890123], "é\u00e9\ud83d\ude00\n": {}}"#
    let value = try parse(text)
    guard case .object(let object) = value else {
      Issue.record("no object")
      return
    }
    #expect(object.members.map(\.name) == ["z", "a", "éé😀\n"])
    #expect(object["z"] == .number("1.50e-3"))
    #expect(
      object["a"]
        == .array([
          .null, .bool(true), .bool(false), .number("-0"), .number("12345678901234567890123"),
        ]))
    #expect(try parse(value.text) == value)
  }

  @Test(arguments: [
    ("", 1, 1), ("{", 1, 2), ("{\"a\": 1,\n \"a\": 2}", 2, 2), ("[1,]", 1, 4), ("[1 2]", 1, 4),
    ("{\"a\" 1}", 1, 6), ("01", 1, 2), ("1.", 1, 3), ("1e", 1, 3), ("-", 1, 2), ("+1", 1, 1),
    ("NaN", 1, 1), ("\"\\x\"", 1, 3), ("\"a\nb\"", 1, 3), ("\"\\ud800\"", 1, 8), ("\"open", 1, 6),
    ("[1]\n\n x", 3, 2), ("// no", 1, 1), ("{'a': 1}", 1, 2), ("\"\\u12g4\"", 1, 4),
  ])
  func refusesWhatIsNoJSON(text: String, line: Int, column: Int) {
    let error = #expect(throws: JSONSyntaxError.self) { try parse(text) }
    #expect(error?.line == line)
    #expect(error?.column == column)
  }

  @Test func refusesBytesThatAreNotUTF8AndTooManyLevels() {
    #expect(throws: JSONSyntaxError.self) {
      try [0x22, 0xFF, 0x22].withUnsafeBytes { try JSONValue(parsing: $0) }
    }
    let deep = { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }
    #expect(throws: Never.self) { try parse(deep(64)) }
    #expect(throws: JSONSyntaxError.self) { try parse(deep(65)) }
  }

  @Test func mutatedTextsNeverTrap() throws {
    let random = RandomStream(seed: 3, stream: 0)
    let original = Array(#"{"a": [1.5e-3, "x\u00e9", {"b": null}], "c": true}"#.utf8)
    for index in 0..<20_000 {
      var bytes = original
      let draw = UInt64(index) * 4
      for change in 0..<UInt64(1 + index % 3) {
        let place = random.integer(below: bytes.count, at: draw + change)
        bytes[place] = UInt8(truncatingIfNeeded: random.words(at: draw + change).w)
      }
      let value = try? bytes.withUnsafeBytes { try JSONValue(parsing: $0) }
      if let value { #expect(try parse(value.text) == value) }
    }
  }

  /// Both ways of reading: as float32, and as float64 then rounded, as most readers do.
  @Test func floatsReadBackToTheSameBits() {
    let random = RandomStream(seed: 4, stream: 0)
    let special: [UInt32] = [0, 0x8000_0000, 1, 0x7F7F_FFFF, 0x0080_0000, 363_742_205]
    let drawn = (0..<200_000).map { random.words(at: $0).x }
    for bits in special + drawn where Float(bitPattern: bits).isFinite {
      let float = Float(bitPattern: bits)
      guard case .number(let text) = JSONValue.real(float) else { continue }
      #expect(Float(text)?.bitPattern == bits)
      #expect(Double(text).map { Float($0).bitPattern } == bits)
    }
    // Otherwise the special case would not be tested.
    #expect(Double("7.038531e-26").map { Float($0) } != Float("7.038531e-26"))
  }
}
