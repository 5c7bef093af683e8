import EventRecords
import Foundation
import TestSupport
import Testing

/// The chain with an autoencoder in the place of the score network: the same commands, unchanged.
@Suite(.serialized) struct AutoencoderTests {
  @Test(arguments: [0, 2])
  func onlineAndOfflineAgreeToTheBit(workers: Int) throws {
    let trained = try TrainedFixture.autoencoder.get()
    var choice = Daemon.Choice()
    choice.workers = workers
    let daemon = try Daemon(trained, choice)
    try daemon.waitForLog("autoencoder")
    try Programs.tamis(
      "replay", trained.background, trained.anomalies, "--connect", daemon.input, "--batch", "37"
    ).expectExit()
    try daemon.waitForEvents(22_000)
    #expect(daemon.metric("tamis_events_scored_total") == 22_000)
    let kept = Int(daemon.metric("tamis_records_journaled_total"))
    #expect(kept > 500)
    #expect(try daemon.stop() == 0)
    let verified = try Programs.tamis(
      "verify", "--model", trained.model, "--calibration", trained.calibration, "--input",
      trained.background, trained.anomalies, "--flagged", daemon.journal
    ).expectExit()
    #expect(verified.contains("verify: identical"))
    #expect(verified.contains("flagged: \(kept)"))
  }

  @Test func theSameSeedGivesTheSameModelWhateverTheThreads() throws {
    let trained = try TrainedFixture.autoencoder.get()
    let folder = TemporaryFolder()
    func train(_ name: String, threads: Int, isa: String?) throws -> Data {
      try Programs.tamis(
        all: [
          "train", "--network", "autoencoder", "--background", trained.anomalies, "--out",
          folder(name), "--steps", "30", "--threads", "\(threads)",
        ], environment: isa.map { ["TAMIS_ISA": $0] } ?? [:]
      ).expectExit()
      return try Data(contentsOf: URL(fileURLWithPath: folder(name)))
    }
    let one = try train("one", threads: 1, isa: nil)
    #expect(try train("two", threads: 2, isa: nil) == one)
    #expect(try train("scalar", threads: 3, isa: "scalar") == one)
  }

  /// What belongs to noise levels is refused where there are none.
  @Test func optionsOfAScoreNetworkAreRefused() throws {
    let trained = try TrainedFixture.autoencoder.get()
    let folder = TemporaryFolder()
    let scored = try Programs.tamis(
      "score", "--model", trained.model, "--input", trained.anomalies, "--levels", "0")
    #expect(try scored.wait() == 2)
    #expect(scored.errors.contains("autoencoder"))
    for option in [["--levels", "0"], ["--hidden", "64"], ["--output", "score"]] {
      let trained = try Programs.tamis(
        all: [
          "train", "--network", "autoencoder", "--background", trained.anomalies, "--out",
          folder("model"),
        ] + option)
      #expect(try trained.wait() == 2)
      #expect(trained.errors.contains(option[0]) && trained.errors.contains("score network"))
    }
  }

  @Test func weightsOfACalibrationAreRefused() throws {
    let trained = try TrainedFixture.autoencoder.get()
    let folder = TemporaryFolder()
    let text = try String(contentsOfFile: trained.calibration, encoding: .utf8)
    let changed = text.replacing(/"weights": \[[^\]]*\]/, with: "\"weights\": [0.5]")
    #expect(changed != text)
    let calibration = try folder.write(changed, to: "calibration.json")
    let scored = try Programs.tamis(
      "score", "--model", trained.model, "--calibration", calibration, "--input", trained.anomalies)
    #expect(try scored.wait() == 1)
    #expect(scored.errors.contains("autoencoder"))
  }

  /// The 8-bit screen knows score networks alone.
  @Test func screenedPrecisionIsRefused() throws {
    let trained = try TrainedFixture.autoencoder.get()
    let folder = TemporaryFolder()
    let calibration = try String(contentsOfFile: trained.calibration, encoding: .utf8)
    #expect(calibration.contains("\"screen\": null"))
    let scored = try Programs.tamis(
      "score", "--model", trained.model, "--calibration", trained.calibration, "--input",
      trained.anomalies, "--precision", "screened")
    #expect(try scored.wait() == 1)
    #expect(scored.errors.contains("screen") && scored.errors.contains("precision: exact"))
    let configuration = try folder.write(
      """
      model: \(trained.model)
      calibration: \(trained.calibration)
      input: {bind: [tcp://127.0.0.1:5555]}
      output: {bind: [tcp://127.0.0.1:5556]}
      engine: {precision: screened}
      """, to: "screened.yaml")
    let checked = try Programs.tamisd("--config", configuration, "--check")
    #expect(try checked.wait() == 1)
    #expect(checked.errors.contains("screen"))
    let margin = try Programs.tamis(
      "calibrate", "--model", trained.model, "--background", trained.background, "--out",
      folder("c.json"), "--working-point", "a=0.05", "--screen-margin", "0.1")
    #expect(try margin.wait() == 1)
    #expect(margin.errors.contains("autoencoder"))
  }

  @Test func inspectSaysWhatItIs() throws {
    let trained = try TrainedFixture.autoencoder.get()
    let said = try Programs.tamis("inspect", trained.model).expectExit()
    #expect(said.contains("kind: autoencoder") && said.contains("128, 64, 8, 64, 128"))
    let other = try Programs.tamis("inspect", try TrainedFixture.shared.get().model).expectExit()
    #expect(other.contains("kind: score network"))
  }
}
