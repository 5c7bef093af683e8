import EventRecords
import Foundation
import RunFiles
import TestSupport
import Testing

/// The whole chain over real sockets: what comes out downstream is what the offline commands say.
@Suite(.serialized) struct ChainTests {
  struct Case: CustomTestStringConvertible {
    var workers: Int
    var batch: Int
    var input: String
    var output: String
    var precision = "exact"
    var testDescription: String {
      "\(workers) workers, \(batch) a message, \(input) to \(output), \(precision)"
    }
  }

  static let cases = [
    Case(workers: 1, batch: 64, input: "push", output: "pub"),
    Case(workers: 0, batch: 16, input: "pub", output: "push"),
    Case(workers: 3, batch: 1, input: "push", output: "pub"),
    Case(workers: 2, batch: 256, input: "pub", output: "pub"),
    Case(workers: 1, batch: 64, input: "push", output: "pub", precision: "screened"),
    Case(workers: 0, batch: 7, input: "push", output: "push", precision: "screened"),
  ]

  @Test(arguments: cases)
  func onlineAndOfflineAgreeToTheBit(_ chosen: Case) throws {
    let trained = try TrainedFixture.shared.get()
    var choice = Daemon.Choice()
    choice.workers = chosen.workers
    choice.precision = chosen.precision
    choice.inputPattern = chosen.input == "push" ? "pull" : "sub"
    choice.outputPattern = chosen.output
    let daemon = try Daemon(trained, choice)
    let receiver = try Receiver(of: daemon, pattern: chosen.output)
    try Programs.tamis(
      "replay", trained.background, trained.anomalies, "--connect", daemon.input, "--pattern",
      chosen.input, "--batch", "\(chosen.batch)"
    ).expectExit()
    try daemon.waitForEvents(22_000)
    #expect(daemon.metric("tamis_events_received_total") == 22_000)
    #expect(daemon.metric("tamis_events_scored_total") == 22_000)
    #expect(daemon.metric("tamis_events_lost_total") == 0)
    if chosen.precision == "screened" {
      // The sample audits the screen, most events are ruled out, and no decision differs.
      #expect(daemon.metric("tamis_screen_audited_total") > 200)
      #expect(daemon.metric("tamis_screen_rescored_total") < 10_000)
      #expect(daemon.metric("tamis_screen_disagreements_total") == 0)
    }
    let kept = Int(daemon.metric("tamis_records_journaled_total"))
    #expect(kept > 500)
    try waitUntil("all is published") {
      Int(daemon.metric("tamis_records_published_total")) == kept
    }
    #expect(try receiver.end(having: kept).contains("faults: 0"))
    #expect(try daemon.stop() == 0)
    #expect(daemon.program.errors.contains("ledger"))

    let verified = try Programs.tamis(
      "verify", "--model", trained.model, "--calibration", trained.calibration, "--input",
      trained.background, trained.anomalies, "--flagged", daemon.journal
    ).expectExit()
    #expect(verified.contains("verify: identical"))
    #expect(verified.contains("flagged: \(kept)"))
    let downstream = try RecordedRun(receiver.run)
    let journal = try RecordedRun(daemon.journal)
    #expect(downstream.recordCount == kept)
    try expectSameRecords(downstream, journal)
  }

  /// A sample so thin that every event of it is flagged as well: no record's weight tells the
  /// prescale, the manifest does.
  @Test func verifyKnowsThePrescaleOfASampleThatIsAllFlagged() throws {
    let trained = try TrainedFixture.shared.get()
    var choice = Daemon.Choice()
    choice.unbiasedPrescale = 100
    let daemon = try Daemon(trained, choice)
    try Programs.tamis("replay", trained.anomalies, "--connect", daemon.input).expectExit()
    try daemon.waitForEvents(2_000)
    #expect(try daemon.stop() == 0)
    let verified = try Programs.tamis(
      "verify", "--model", trained.model, "--calibration", trained.calibration, "--input",
      trained.anomalies, "--flagged", daemon.journal
    ).expectExit()
    #expect(verified.contains("verify: identical"))
    #expect(verified.contains("unbiased sample: one event in 100"))
  }

  @Test func verifyFindsASingleChangedBit() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    try Programs.tamis(
      "score", "--model", trained.model, "--calibration", trained.calibration, "--input",
      trained.anomalies, "--flagged", folder("flagged")
    ).expectExit()
    func verify() throws -> Launched {
      try Programs.tamis(
        "verify", "--model", trained.model, "--calibration", trained.calibration, "--input",
        trained.anomalies, "--flagged", folder("flagged"))
    }
    #expect(try verify().expectExit().contains("verify: identical"))
    let segment = folder("flagged/000001.flagged")
    var bytes = try Data(contentsOf: URL(fileURLWithPath: segment))
    bytes[640 * 5 + 100] ^= 1
    try bytes.write(to: URL(fileURLWithPath: segment))
    let changed = try verify()
    #expect(try changed.wait() == 1)
    #expect((changed.output + changed.errors).contains("record"))
  }

  @Test(arguments: [false, true])
  func scoresDoNotDependOnBatchWorkersOrInstructionSet(ofAutoencoder: Bool) throws {
    let trained = try (ofAutoencoder ? TrainedFixture.autoencoder : TrainedFixture.shared).get()
    let folder = TemporaryFolder()
    func score(_ name: String, _ options: [String], isa: String?) throws -> Data {
      try Programs.tamis(
        all: [
          "score", "--model", trained.model, "--input", trained.anomalies, "--scores",
          folder("\(name).npy"), "--attributions", folder("\(name)-attributions.npy"),
        ] + options, environment: isa.map { ["TAMIS_ISA": $0] } ?? [:]
      ).expectExit()
      return try Data(contentsOf: URL(fileURLWithPath: folder("\(name).npy")))
        + Data(contentsOf: URL(fileURLWithPath: folder("\(name)-attributions.npy")))
    }
    let reference = try score("reference", ["--batch", "256", "--workers", "1"], isa: "scalar")
    #expect(try score("one", ["--batch", "1", "--workers", "1"], isa: nil) == reference)
    #expect(try score("seven", ["--batch", "7", "--workers", "2"], isa: nil) == reference)
    #expect(try score("best", ["--batch", "256", "--workers", "3"], isa: nil) == reference)
  }
}

extension ChainTests {
  @Test func screenedScoresDoNotDependOnBatchWorkersOrInstructionSet() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    func score(_ name: String, _ options: [String], isa: String? = nil) throws -> Data {
      try Programs.tamis(
        all: [
          "score", "--model", trained.model, "--calibration", trained.calibration, "--input",
          trained.background, "--unbiased-prescale", "20", "--scores", folder("\(name).npy"),
          "--flagged", folder(name),
        ] + options, environment: isa.map { ["TAMIS_ISA": $0] } ?? [:]
      ).expectExit()
      return try Data(contentsOf: URL(fileURLWithPath: folder("\(name)/000001.flagged")))
        + Data(contentsOf: URL(fileURLWithPath: folder("\(name).npy")))
    }
    let screened = ["--precision", "screened"]
    let reference = try score("a", screened + ["--workers", "1"], isa: "scalar")
    #expect(try score("b", screened + ["--batch", "1", "--workers", "1"]) == reference)
    #expect(try score("c", screened + ["--batch", "7", "--workers", "2"]) == reference)
    #expect(try score("d", screened + ["--batch", "256", "--workers", "3"]) == reference)
    // What is flagged has the exact scores; only the scores of the others are approximate.
    let exact = try score("e", ["--batch", "64"])
    #expect(exact != reference)
    let flagged = try RecordedRun(folder("e"))
    #expect(flagged.recordCount > 100)
    try expectSameRecords(flagged, RecordedRun(folder("a")))
  }

  @Test func aCalibrationWithoutAScreenRefusesScreenedPrecision() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    var text = try String(contentsOfFile: trained.calibration, encoding: .utf8)
    let section = try #require(text.range(of: #""screen": \{[^}]*\}"#, options: .regularExpression))
    text.replaceSubrange(section, with: #""screen": null"#)
    let calibration = try folder.write(text, to: "calibration.json")
    func score(_ precision: String) throws -> Launched {
      try Programs.tamis(
        "score", "--model", trained.model, "--calibration", calibration, "--input",
        trained.anomalies,
        "--precision", precision)
    }
    try score("exact").expectExit()
    let refused = try score("screened")
    #expect(try refused.wait() == 1)
    #expect(refused.errors.contains("screen") && refused.errors.contains("calibrate again"))
  }

  @Test func aScreenMarginThatTheBackgroundDoesNotSupportIsRefused() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let refused = try Programs.tamis(
      "calibrate", "--model", trained.model, "--background", trained.background, "--working-point",
      "loose=0.05", "--out", folder("c.json"), "--screen-margin", "0.00001")
    #expect(try refused.wait() == 1)
    #expect(refused.errors.contains("--screen-margin"))
    #expect(!FileManager.default.fileExists(atPath: folder("c.json")))
  }
}

/// Record for record the same bytes.
func expectSameRecords(_ a: RecordedRun, _ b: RecordedRun) throws {
  guard a.recordCount == b.recordCount else {
    throw Failure("\(a.recordCount) records and \(b.recordCount)")
  }
  let byteCount = FlaggedRecord.byteCount(featureCount: a.featureCount)
  let differing = try (0..<a.recordCount).first { index in
    memcmp(
      try a.flaggedRecord(at: index).base, try b.flaggedRecord(at: index).base, byteCount) != 0
  }
  #expect(differing == nil)
}
