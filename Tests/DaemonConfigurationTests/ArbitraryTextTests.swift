internal import DaemonConfiguration
internal import Testing

/// No text makes the reader crash, and it either yields a configuration or at least one fault.
@Suite struct ArbitraryTextTests {
  private static let pieces = [
    "model", "calibration", "input", "output", ":", ": ", "\n", "\n  ", "- ", "[", "]", "{", "}",
    "\"", "'", "#", "&a ", "*a", "!t ", "<<", "tcp://a:1", "010", "~", "|", ">", "?", ",", "é",
    "\u{E000}", "\t", "---", "connect", "bind", "engine", "workers", "\u{FEFF}",
  ]

  @Test func mixedPiecesAreReadOrRefused() {
    var state: UInt64 = 1
    for _ in 0..<5_000 {
      var text = ""
      for _ in 0..<12 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        text += Self.pieces[Int(state >> 33) % Self.pieces.count]
      }
      do {
        _ = try DaemonConfiguration(yaml: text, file: "t.yaml")
      } catch {
        #expect(!error.faults.isEmpty, "\(text)")
      }
    }
  }
}
