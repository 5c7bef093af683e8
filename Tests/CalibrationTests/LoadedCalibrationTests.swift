import Calibration
import DurableFiles
import Foundation
import TestSupport
import Testing

@Suite struct LoadedCalibrationTests {
  @Test func writesAWholeFileAndReplacesOnlyWhenTold() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/calibration.json"
      var calibration = try CalibrationFileTests.full()
      try calibration.write(to: path, replacing: false)
      let loaded = try TriggerCalibration.load(path)
      #expect(loaded.calibration == calibration)
      #expect(loaded.sha256 == calibration.encoded().withUnsafeBytes { SHA256Digest(of: $0) })
      #expect(loaded.path == path)

      calibration.program = "tamis 0.2.0"
      #expect(throws: FileFault.self) { try calibration.write(to: path, replacing: false) }
      #expect(try TriggerCalibration.load(path) == loaded)
      try calibration.write(to: path, replacing: true)
      #expect(try TriggerCalibration.load(path).calibration == calibration)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["calibration.json"])
    }
  }

  @Test func whatIsNoCalibrationIsRefused() throws {
    try withTemporaryFolder { folder in
      #expect(throws: SystemCallError.self) { try TriggerCalibration.load("\(folder)/none") }
      for content in ["", "[]", "{}", "\u{0}\u{1}", "{\"format\": \"tamis-run/1\"}"] {
        let path = "\(folder)/wrong.json"
        try ReplacedFile.write(content.utf8, to: path, replacing: true)
        let fault = #expect(throws: FileFault.self) { try TriggerCalibration.load(path) }
        #expect(fault?.file == path)
      }
    }
  }

  @Test func disagreementsNameBothSides() throws {
    let calibration = try CalibrationFileTests.full()
    let model = SHA256Digest(of: "a model")
    let other = SHA256Digest(of: "another model")
    func found(_ digest: SHA256Digest, _ schema: UInt32, _ levels: Int) -> [String] {
      checkBelongsTogether(
        calibration, modelSHA256: digest, modelSchema: schema, levelCount: levels)
    }
    #expect(found(model, 0xAA01_2C9F, 10) == [])
    #expect(found(model, 0, 6) == [])
    let all = found(other, 0x0000_0001, 5)
    #expect(all.count == 3)
    #expect(all[0].contains(model.description) && all[0].contains(other.description))
    #expect(all[1].contains("9f2c01aa") && all[1].contains("01000000"))
    #expect(all[2].contains("level 5") && all[2].contains("0 to 4"))
  }

  /// The text is the digest's first digits, the integer its first bytes as a record holds them.
  @Test func schemaTextIsTheHeadOfTheDigest() {
    for names in ["", "pt\neta", "a\nb\nc"] {
      let digest = SHA256Digest(of: names)
      #expect(schemaText(digest.prefix) == digest.description.prefix(8))
      #expect(schema(fromText: schemaText(digest.prefix)) == digest.prefix)
    }
    #expect(schemaText(0) == "00000000" && schemaText(1) == "01000000")
    for wrong in ["", "9f2c01a", "9f2c01aaa", "9F2C01AA", "+f2c01aa", "9f2c01ag"] {
      #expect(schema(fromText: wrong) == nil)
    }
  }

  @Test func inspectionSaysWhatThePointsAre() throws {
    let lines = try CalibrationFileTests.full().inspection
    let point = try #require(lines.first { $0.contains("working point nominal") })
    #expect(point.contains("target rate 0.001 in expectation"))
    #expect(point.contains("(rank 19980)"))
    #expect(lines.contains { $0.contains("rare") && $0.contains("extrapolated") })
    #expect(lines.contains { $0.contains("19999 background scores, 1 event not scorable") })
    #expect(lines.allSatisfy { !$0.contains("\n") })
  }
}
