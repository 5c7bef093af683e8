import EventRecords
import RunFiles
import Testing

@Suite struct JSONValueTests {
  @Test func theSameValueIsTheSameText() throws {
    let value = JSONValue.object([
      "b": .array([.null, .bool(true), .integer(-3), .unsigned(.max)]), "a": .number(0.1),
      "c/d": .string("x\n\"y\""),
    ])
    let text = String(decoding: try value.encoded(indented: false), as: UTF8.self)
    #expect(
      text == #"{"a":0.1,"b":[null,true,-3,18446744073709551615],"c/d":"x\n\"y\""}"# + "\n")
  }

  @Test func countsAreExactUpTo64Bits() {
    #expect(JSONValue.count(5) == .integer(5))
    #expect(JSONValue.count(UInt64.max) == .unsigned(.max))
  }
}
