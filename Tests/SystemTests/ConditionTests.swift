import EventRecords
import Foundation
import RunFiles
import TestSupport
import Testing

/// Thresholds by condition through daemon, restart and the offline commands.
@Suite(.serialized) struct ConditionTests {
  /// A run of background whose condition is spread over 20 to 60, with some that is not known.
  private func spread(_ folder: TemporaryFolder, _ source: String, as name: String) throws -> String
  {
    let run = try RecordedRun(source)
    let writer = try RunWriter(
      folder: folder(name), kind: .events, featureCount: run.featureCount,
      featureNames: run.featureNames, replacing: false)
    var bytes = [UInt8](repeating: 0, count: EventRecord.byteCount(featureCount: run.featureCount))
    for index in 0..<run.recordCount {
      let record = try run.record(at: index)
      var header = record.header
      let place = Float((header.sequence &* 7919) % 4001) / 100
      header.condition = header.sequence % 9 == 0 ? .nan : 20 + place
      try bytes.withUnsafeMutableBytes {
        guard let base = $0.baseAddress else { return }
        EventRecord.encode(
          header, features: record.featureCount > 0 ? record.features : nil, into: base)
        try writer.append(
          records: UnsafeRawBufferPointer(
            rebasing: $0[..<EventRecord.byteCount(featureCount: record.featureCount)]))
      }
    }
    try writer.finish()
    return folder(name)
  }

  @Test func theDaemonDecidesByConditionAndVerifyAgrees() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let calibrating = try spread(folder, trained.background, as: "calibrating")
    let made = try Programs.tamis(
      "calibrate", "--model", trained.model, "--background", calibrating, "--working-point",
      "loose=0.05", "--working-point", "tight=0.005", "--condition-bins", "5", "--out",
      folder("binned.json"))
    let text = try made.expectExit()
    #expect(text.contains("not known") && text.contains("condition"))
    var choice = Daemon.Choice()
    choice.calibration = folder("binned.json")
    let daemon = try Daemon(trained, choice)
    let anomalies = try spread(folder, trained.anomalies, as: "anomalies")
    try Programs.tamis("replay", calibrating, "--connect", daemon.input).expectExit()
    try daemon.waitForEvents(20_000)
    #expect(try daemon.stop() == 0)
    try daemon.restart()
    try Programs.tamis("replay", anomalies, "--connect", daemon.input).expectExit()
    try daemon.waitForEvents(2_000)
    let page = try #require(httpGet(port: daemon.httpPort, "/status")?.body)
    #expect(page.contains("threshold_highest"))
    #expect(try daemon.stop() == 0)
    let verified = try Programs.tamis(
      "verify", "--model", trained.model, "--calibration", folder("binned.json"), "--input",
      calibrating, anomalies, "--flagged", daemon.journal
    ).expectExit()
    #expect(verified.contains("verify: identical"))
    let journal = try RecordedRun(daemon.journal)
    var thresholds: Set<Float> = []
    for index in 0..<journal.recordCount {
      thresholds.insert(try journal.flaggedRecord(at: index).threshold)
    }
    #expect(thresholds.count > 3, "\(thresholds)")
    // The condition is random here: one threshold for all is no other decision in the mean.
    let drift = try Programs.tamis(
      "drift", "--model", trained.model, "--calibration", folder("binned.json"), "--input",
      calibrating)
    _ = try drift.wait()
    #expect(drift.output.contains("flagged_rate") || drift.output.contains("rate"))
    let redecided = try Programs.tamis(
      "redecide", daemon.journal, "--model", trained.model, "--calibration", folder("binned.json"),
      "--old-calibration", folder("binned.json")
    ).expectExit()
    #expect(redecided.contains("tight"))
  }

  @Test func whatCannotHaveBinsIsSaid() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let usual = [
      "calibrate", "--model", trained.model, "--background", trained.background,
      "--working-point", "a=0.01", "--out", folder("c.json"),
    ]
    for wrong in [
      ["--condition-bins", "1"], ["--condition-bins", "65"], ["--condition-bins", "x"],
      ["--condition-edges", "3,3"], ["--condition-edges", "nan"], ["--condition-edges", "5,2"],
      ["--condition-bins", "3", "--condition-edges", "5"],
      ["--condition-bins", "3", "--allow-extrapolation"],
    ] {
      let refused = try Programs.tamis(all: usual + wrong)
      #expect(try refused.wait() == 2, "\(wrong): \(refused.errors)")
    }
    let merged = try Programs.tamis(
      all: usual + ["--condition-edges", "0,1e6", "--json", "--force"])
    #expect(try merged.wait() == 0)
    #expect(merged.errors.contains("a single one is left"))
  }
}
