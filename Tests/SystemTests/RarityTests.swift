import EventRecords
import Foundation
import RunFiles
import TestSupport
import Testing

/// Background rates and second thoughts on files of the programs.
@Suite(.serialized) struct RarityTests {
  private func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  /// A run of flagged records with a sample of one in 20.
  private func flagged(_ trained: TrainedFixture, _ folder: TemporaryFolder) throws -> String {
    try Programs.tamis(
      "score", "--model", trained.model, "--calibration", trained.calibration, "--input",
      trained.background, trained.anomalies, "--unbiased-prescale", "20", "--flagged",
      folder("flagged")
    ).expectExit()
    return folder("flagged")
  }

  @Test func everyRecordSaysHowRareItIs() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let run = try RecordedRun(flagged(trained, folder))
    var (within, beyond) = (0, 0)
    var last: (score: Float, rate: Float)?
    var records: [(score: Float, rate: Float)] = []
    for index in 0..<run.recordCount {
      let record = try run.flaggedRecord(at: index)
      #expect(record.backgroundRate != 0)
      if record.backgroundRate < 0 { beyond += 1 } else { within += 1 }
      records.append((record.score, record.backgroundRate.magnitude))
    }
    for record in records.sorted(by: { $0.score < $1.score }) {
      if let last { #expect(record.rate <= last.rate) }
      last = record
    }
    #expect(within > 100 && beyond > 0, "\(within) and \(beyond)")
    let verified = try Programs.tamis(
      "verify", "--model", trained.model, "--calibration", trained.calibration, "--input",
      trained.background, trained.anomalies, "--flagged", folder("flagged")
    ).expectExit()
    #expect(verified.contains("verify: identical"))
  }

  @Test func aCalibrationOfEarlierGivesZeros() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    var content = try json(String(contentsOfFile: trained.calibration, encoding: .utf8))
    content["background_rates"] = nil
    try JSONSerialization.data(withJSONObject: content)
      .write(to: URL(fileURLWithPath: folder("old.json")))
    try Programs.tamis(
      "score", "--model", trained.model, "--calibration", folder("old.json"), "--input",
      trained.anomalies, "--flagged", folder("flagged")
    ).expectExit()
    let run = try RecordedRun(folder("flagged"))
    for index in 0..<run.recordCount {
      #expect(try run.flaggedRecord(at: index).backgroundRate.bitPattern == 0)
    }
    let explained = try Programs.tamis(
      "explain", "--model", trained.model, "--input", folder("flagged"), "--event", "0"
    ).expectExit()
    #expect(explained.contains("background rate: not known"))
    let refused = try Programs.tamis(
      "coverage", "--model", trained.model, "--calibration", folder("old.json"), "--background",
      trained.background)
    #expect(try refused.wait() == 1)
    #expect(refused.errors.contains("background_rates") && refused.errors.contains("calibrate"))
  }

  @Test func explainTellsRateIntervalAndFalseAlarms() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let flagged = try flagged(trained, folder)
    let text = try Programs.tamis(
      "explain", "--model", trained.model, "--calibration", trained.calibration, "--input",
      flagged, "--events-per-second", "40000"
    ).expectExit()
    #expect(text.contains("EXTRAPOLATED") && text.contains("false alarms"))
    let first = try json(
      Programs.tamis(
        "explain", "--model", trained.model, "--calibration", trained.calibration, "--input",
        flagged, "--event", "0", "--json"
      ).expectExit())
    let found = try #require(first["background_rate"] as? [String: Any])
    let rate = try #require(found["rate"] as? Double)
    let ends = try #require(found["interval"] as? [Double])
    #expect(ends[0] <= rate && rate <= ends[1])
    let run = try RecordedRun(flagged)
    let (carried, number) = try withExtendedLifetime(run) {
      let record = try run.flaggedRecord(at: 0)
      return (record.backgroundRate, record.number)
    }
    #expect(Float(rate) == carried.magnitude)
    #expect((first["number"] as? NSNumber)?.uint64Value == number)
    let plain = try json(
      Programs.tamis(
        "explain", "--model", trained.model, "--input", flagged, "--event", "0", "--json"
      ).expectExit())
    let said = try #require(plain["background_rate"] as? [String: Any])
    #expect(Float(try #require(said["rate"] as? Double)) == carried.magnitude)
    for wrong in ["0", "-1", "nan", "inf"] {
      let refused = try Programs.tamis(
        "explain", "--model", trained.model, "--input", flagged, "--events-per-second", wrong)
      #expect(try refused.wait() == 2)
    }
  }

  @Test func coverageCountsFreshBackground() throws {
    let trained = try TrainedFixture.shared.get()
    let found = try json(
      Programs.tamis(
        "coverage", "--model", trained.model, "--calibration", trained.calibration, "--background",
        trained.background, "--json"
      ).expectExit())
    let rows = try #require(found["coverage"] as? [[String: Any]])
    #expect(rows.count >= 3)
    let texts = try Programs.tamis(
      "coverage", "--simulate", "uniform", "--events", "100000", "--repeats", "2"
    ).expectExit().split(separator: "\n").filter { $0.hasPrefix("1e-05 ") }
    #expect(texts.count == 1, "a row for each p: 1/100001 reads as 1e-05, too")
    for row in rows { #expect(try #require(row["chance"] as? Double) > 1e-5) }
    let simulated = try Programs.tamis(
      "coverage", "--simulate", "pareto", "--events", "1000", "--repeats", "20"
    ).expectExit()
    #expect(simulated.contains("mean share / p"))
    for wrong in [["--simulate", "cauchy"], ["--simulate", "uniform", "--events", "0"], []] {
      #expect(try Programs.tamis(all: ["coverage"] + wrong).wait() == 2)
    }
  }

  @Test func redecideTellsWhatANewPairWouldKeep() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let flagged = try flagged(trained, folder)
    let same = try json(
      Programs.tamis(
        "redecide", flagged, "--model", trained.model, "--calibration", trained.calibration,
        "--old-calibration", trained.calibration, "--json"
      ).expectExit())
    for point in try #require(same["working_points"] as? [[String: Any]]) {
      let (old, new) = try (
        #require(point["only_old"] as? [String: Any]), #require(point["only_new"] as? [String: Any])
      )
      #expect(old["records"] as? Int == 0 && new["records"] as? Int == 0)
      #expect((try #require(point["both"] as? [String: Any]))["records"] as? Int ?? 0 > 0)
    }
    try Programs.tamis(
      "calibrate", "--model", trained.model, "--background", trained.background, "--working-point",
      "other=3e-3", "--out", folder("new.json")
    ).expectExit()
    let text = try Programs.tamis(
      "redecide", flagged, "--model", trained.model, "--calibration", folder("new.json"),
      "--old-calibration", trained.calibration
    ).expectExit()
    #expect(text.contains("no such point") && text.contains("any"))
    #expect(text.contains("run "))
    // The old calibration has a point more. Without its file the records tell that.
    let unnamed = try Programs.tamis(
      "redecide", flagged, "--model", trained.model, "--calibration", folder("new.json"))
    #expect(try unnamed.wait() == 0)
    #expect(unnamed.output.contains("old point 1 "), "\(unnamed.output)")
    #expect(unnamed.errors.contains("--old-calibration"))
    for (arguments, word) in [
      ([trained.background, "--calibration", folder("new.json")], "recorded events"),
      (
        [flagged, "--calibration", folder("new.json"), "--old-calibration", folder("new.json")],
        "decided no record"
      ),
    ] {
      let refused = try Programs.tamis(all: ["redecide", "--model", trained.model] + arguments)
      #expect(try refused.wait() == 1)
      #expect(refused.errors.contains(word), "\(refused.errors)")
    }
    let usage = try Programs.tamis(
      "redecide", flagged, "--model", trained.model, "--calibration", folder("new.json"),
      "--confidence", "1")
    #expect(try usage.wait() == 2)
  }
}
