import FoundationEssentials
import StrictJSON
import Testing

/// Manifests and training records were written by Foundation's encoder: their bytes stay.
@Suite struct SortedTextTests {
  private struct Record: Encodable {
    var words = ["b/c\n\"d\"\\", "\u{1}\t\r\u{1f}", "\u{7f}é"]
    var none: [Int] = []
    var nothing: [String: Int] = [:]
    var nested = ["Z": [["b": 1], ["a": 2]], "a": [], "B": [["é": 3, "e": 4]]]
    var numbers = [1, -0.0, 0.1, 1e-8, 1e16, 1.5e300, 123_456_789]
    var single: Float = 0.05
    var largest = UInt64.max
    var truth = true
  }

  private let record: JSONValue = .object([
    "words": .array([
      .string("b/c\n\"d\"\\"), .string("\u{1}\t\r\u{1f}"), .string("\u{7f}é"),
    ]),
    "none": .array([]), "nothing": .object([:]),
    "nested": .object([
      "a": .array([]),
      "Z": .array([.object(["b": .integer(1)]), .object(["a": .integer(2)])]),
      "B": .array([.object(["é": .integer(3), "e": .integer(4)])]),
    ]),
    "numbers": .array(
      [1, -0.0, 0.1, 1e-8, 1e16, 1.5e300, 123_456_789].map { .shortest($0 as Double) }),
    "single": .shortest(Float(0.05)), "largest": .integer(UInt64.max), "truth": .bool(true),
  ])

  @Test(arguments: [false, true]) func theTextIsThatOfFoundationsEncoder(isIndented: Bool) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if isIndented { encoder.outputFormatting.insert(.prettyPrinted) }
    let expected = String(decoding: try encoder.encode(Record()), as: UTF8.self)
    #expect(record.sortedText(isIndented: isIndented) == expected)
  }

  @Test func theTextDoesNotDependOnTheOrderOfMembers() {
    let one: JSONValue = .object(["a": .null, "b": .object(["d": .null, "c": .null])])
    let other: JSONValue = .object(["b": .object(["c": .null, "d": .null]), "a": .null])
    #expect(one != other)
    #expect(one.sortedText(isIndented: false) == #"{"a":null,"b":{"c":null,"d":null}}"#)
    #expect(one.sortedText(isIndented: true) == other.sortedText(isIndented: true))
  }
}
