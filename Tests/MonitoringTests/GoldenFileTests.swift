internal import Glibc
internal import Monitoring
internal import StrictJSON
internal import Testing

/// The whole pages of a fixed status, byte for byte.
///
/// After a change that is meant, `TAMIS_WRITE_GOLDEN=1 swift test --filter GoldenFileTests` writes
/// the files anew; what has changed is then for the reader of the difference to judge.
@Suite struct GoldenFileTests {
  @Test func metricsPageIsTheGoldenOne() throws {
    try compare(metricsPage(of: .fixedWithAlarms).bytes, with: "metrics.txt")
  }

  @Test func statusDocumentIsTheGoldenOne() throws {
    let text = JSONValue.object(statusObject(of: .fixedWithAlarms)).text + "\n"
    try compare(Array(text.utf8), with: "status.json")
  }

  @Test func statusOnOneLineHasTheSameValue() throws {
    let line = statusDocument(of: .fixedWithAlarms)
    #expect(!line.contains("\n"))
    #expect(try JSONValue(parsing: line) == .object(statusObject(of: .fixedWithAlarms)))
  }

  @Test func pageOfABareDaemonHasNoPartsThatItLacks() throws {
    let fixed = DaemonStatus.fixed
    let bare = DaemonStatus(build: fixed.build, generation: fixed.generation)
    let text = String(decoding: metricsPage(of: bare).bytes, as: UTF8.self)
    for absent in ["tamis_screen_", "tamis_shadow_", "tamis_drift_", "tamis_catch_up_", "process_"]
    {
      #expect(!text.contains(absent))
    }
    _ = try JSONValue(parsing: statusDocument(of: bare))
  }

  private func compare(_ bytes: [UInt8], with name: String) throws {
    let path = goldenFolder + name
    if getenv("TAMIS_WRITE_GOLDEN") != nil {
      let file = try #require(fopen(path, "w"))
      fwrite(bytes, 1, bytes.count, file)
      fclose(file)
    }
    let file = try #require(fopen(path, "r"), "\(path) is missing")
    defer { fclose(file) }
    var golden = [UInt8](repeating: 0, count: 1 << 20)
    golden.removeLast(golden.count - fread(&golden, 1, golden.count, file))
    let (have, want) = (lines(bytes), lines(golden))
    for (number, pair) in zip(have, want).enumerated() where pair.0 != pair.1 {
      Issue.record("\(name):\(number + 1): found \(pair.0), expected \(pair.1)")
      return
    }
    #expect(bytes == golden, "\(have.count) lines, \(want.count) in \(name)")
  }

  private func lines(_ bytes: [UInt8]) -> [Substring] {
    String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
  }

  private var goldenFolder: String {
    String((#filePath as String).dropLast("GoldenFileTests.swift".count)) + "Golden/"
  }
}
