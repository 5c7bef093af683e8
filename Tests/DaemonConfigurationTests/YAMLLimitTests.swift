internal import DaemonConfiguration
internal import Testing

/// Texts that took the reader's stack, its time, or an index beyond a line.
@Suite struct YAMLLimitTests {
  private static func repeated(_ text: String, _ count: Int) -> String {
    String(repeating: text, count: count)
  }

  static let aliases =
    "a0: &a0 {x: 1}\n"
    + (1..<60).map { "? &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n: 1\n" }.joined()

  @Test(arguments: [
    "e\u{301}\u{301}:\né\u{301}: 1\n", "é: 1\ne\u{301}: 2\n", "\"é\": 1\n\"e\u{301}\": 2\n",
    "a: 1\r\na: 2\r\n", "🇦🇧: 1\n🇦🇧: 2\n", aliases, repeated("[", 100_000),
    repeated("{a: ", 50_000), repeated("- ", 100_000), repeated("? ", 100_000),
    (0..<300).map { repeated(" ", $0) + "a:\n" }.joined(), repeated("a: 1\n", 20_000),
    repeated("a", 200_000) + ": 1\n", (0..<5_000).map { "key\($0): 1\n" }.joined(),
  ])
  func anyTextIsRefusedInWords(text: String) throws {
    let faults = try #require(throws: ConfigurationFaults.self) {
      try DaemonConfiguration(yaml: text, file: "t.yaml")
    }
    #expect(!faults.faults.isEmpty)
  }

  /// What the file of the failure held, byte by byte.
  @Test func twoSpellingsOfOneKeyAreTold() throws {
    let bytes: [UInt8] = [
      0x65, 0xCC, 0x81, 0x65, 0xCC, 0x81, 0x3A, 0x0A, 0xC3, 0xA9, 0xC3, 0xA9, 0x3A, 0x0A,
    ]
    let text = String(decoding: bytes, as: UTF8.self)
    let faults = try #require(throws: ConfigurationFaults.self) {
      try DaemonConfiguration(yaml: text, file: "t.yaml")
    }
    #expect(faults.faults.contains { $0.found.contains("twice") })
  }

  @Test func depthAndAliasesHaveABound() {
    BadFile(
      "deep", "a: " + Self.repeated("[", 65),
      "1:67: found more than 64 levels, expected sections and lists, three levels deep"
    ).expectMessages()
    BadFile(
      "aliases", "a: &a 1\nb: [" + Self.repeated("*a, ", 20) + "]\n",
      "2:69: found more than 16 aliases, expected values without aliases"
    ).expectMessages()
  }
}
