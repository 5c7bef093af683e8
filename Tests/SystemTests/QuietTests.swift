import EventRecords
import Foundation
import RunFiles
import TestSupport
import Testing

/// Working points of the low side through daemon, restart and the offline commands.
@Suite(.serialized) struct QuietTests {
  private func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  private func calibrated(
    _ trained: TrainedFixture, _ folder: TemporaryFolder, _ name: String = "quiet.json"
  ) throws -> String {
    let text = try Programs.tamis(
      "calibrate", "--model", trained.model, "--background", trained.background,
      "--working-point", "loose=0.05", "--quiet-point", "calm=0.02", "--prescale", "calm=2",
      "--out", folder(name)
    ).expectExit()
    #expect(text.contains("calm: target 0.02, score <") && text.contains("mean attributions"))
    return folder(name)
  }

  /// A run of events that are half-way between two of the background: they are quiet.
  private func halfWay(
    _ trained: TrainedFixture, _ folder: TemporaryFolder, run number: UInt32
  ) throws -> String {
    let run = try RecordedRun(trained.background)
    let writer = try RunWriter(
      folder: folder("half"), kind: .events, featureCount: run.featureCount,
      featureNames: run.featureNames, replacing: false)
    let byteCount = EventRecord.byteCount(featureCount: run.featureCount)
    var bytes = [UInt8](repeating: 0, count: byteCount)
    for index in 0..<3_000 {
      let (first, second) = (try run.record(at: 2 * index + 1), try run.record(at: 2 * index + 2))
      var header = first.header
      header.run = number
      header.kind = .event
      (header.sequence, header.event) = (UInt64(index + 1), UInt64(index))
      let features = zip(first.features, second.features).map { ($0 + $1) / 2 }
      try bytes.withUnsafeMutableBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        features.withUnsafeBufferPointer { EventRecord.encode(header, features: $0, into: base) }
        try writer.append(records: UnsafeRawBufferPointer(bytes))
      }
    }
    try writer.finish()
    return folder("half")
  }

  @Test(arguments: [("exact", 0), ("screened", 2)])
  func theDaemonFlagsQuietEventsAndVerifyAgrees(precision: String, workers: Int) throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let calibration = try calibrated(trained, folder)
    let quiet = try halfWay(trained, folder, run: 77)
    var choice = Daemon.Choice()
    (choice.calibration, choice.precision, choice.workers) = (calibration, precision, workers)
    let daemon = try Daemon(trained, choice)
    try Programs.tamis("replay", quiet, "--connect", daemon.input).expectExit()
    try daemon.waitForEvents(3_000)
    #expect(try daemon.stop() == 0)
    try daemon.restart()
    try Programs.tamis("replay", trained.anomalies, "--connect", daemon.input).expectExit()
    try daemon.waitForEvents(2_000)
    let status = try json(try #require(httpGet(port: daemon.httpPort, "/status")?.body))
    let points = try #require(status["working_points"] as? [[String: Any]])
    #expect(points.map { $0["side"] as? String } == [nil, "low"])
    #expect(daemon.metric("tamis_threshold_low{working_point=\"calm\"}") == 1)
    #expect(daemon.metric("tamis_screen_disagreements_total") == 0)
    #expect(try daemon.stop() == 0)
    let verified = try Programs.tamis(
      "verify", "--model", trained.model, "--calibration", calibration, "--input", quiet,
      trained.anomalies, "--flagged", daemon.journal
    ).expectExit()
    #expect(verified.contains("verify: identical"))
    let journal = try RecordedRun(daemon.journal)
    var found = 0
    for index in 0..<journal.recordCount {
      let record = try journal.flaggedRecord(at: index)
      let isQuiet = record.reasons.contains(.belowThreshold)
      #expect(isQuiet == (record.workingPoints & 2 != 0))
      guard isQuiet else { continue }
      found += 1
      #expect(record.score < record.threshold && record.weight == 2)
      #expect(record.backgroundRate > 0 && record.backgroundRate <= 0.0201)
    }
    // Half of those that fire are kept; background would have 2 % of 3,000.
    #expect(found > 60, "\(found) quiet records")
    let redecided = try Programs.tamis(
      "redecide", daemon.journal, "--model", trained.model, "--calibration", calibration,
      "--old-calibration", calibration
    ).expectExit()
    #expect(redecided.contains("calm"))
  }

  @Test func commandsKnowTheLowSide() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let calibration = try calibrated(trained, folder)
    let quiet = try halfWay(trained, folder, run: 78)
    // The share of background below the threshold is that of the calibration's own rank.
    let score = try json(
      Programs.tamis(
        "score", "--model", trained.model, "--calibration", calibration, "--input",
        trained.background, "--flagged", folder("flagged"), "--json"
      ).expectExit())
    #expect((score["working_points"] as? [[String: Any]])?.count == 2)
    let screened = try Programs.tamis(
      "score", "--model", trained.model, "--calibration", calibration, "--input",
      trained.background, "--flagged", folder("screened"), "--precision", "screened"
    ).expectExit()
    #expect(screened.contains("calm"))
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: folder("flagged/000001.flagged")))
        == Data(contentsOf: URL(fileURLWithPath: folder("screened/000001.flagged"))))
    let run = try RecordedRun(folder("flagged"))
    let place = try #require(
      try (0..<run.recordCount).first {
        try run.flaggedRecord(at: $0).reasons.contains(.belowThreshold)
      })
    let explained = try json(
      Programs.tamis(
        "explain", "--model", trained.model, "--calibration", calibration, "--input",
        folder("flagged"), "--event", "\(place)", "--json"
      ).expectExit())
    let facts = try #require(explained["quiet"] as? [String: Any])
    let features = try #require(facts["features"] as? [[String: Any]])
    let differences = features.compactMap { $0["difference"] as? Double }
    #expect(differences == differences.sorted() && (differences.first ?? 0) < 0)
    for feature in features {
      let (attribution, mean) = (
        Float(feature["attribution"] as? Double ?? .nan), Float(feature["mean"] as? Double ?? .nan)
      )
      #expect(Float(feature["difference"] as? Double ?? .nan) == attribution - mean)
    }
    #expect((explained["background_rate"] as? [String: Any])?["side"] as? String == "low")
    let text = try Programs.tamis(
      "explain", "--model", trained.model, "--input", folder("flagged"), "--event", "\(place)"
    ).expectExit()
    #expect(text.contains("score as low, as the record says"))
    let found = try #require(explained["score"] as? Double)
    let against = try Programs.tamis(
      "explain", "--model", trained.model, "--calibration", calibration, "--input",
      folder("flagged"), "--event", "\(place)"
    ).expectExit()
    #expect(against.contains("quiet: the score \(Float(found)) is below the threshold "))
    let evaluated = try Programs.tamis(
      "evaluate", "--model", "m=\(trained.model)", "--calibration", calibration,
      "--background", trained.background, "--anomalies", "half=\(quiet)"
    )
    #expect(try evaluated.wait() == 0, "\(evaluated.errors)")
    #expect(evaluated.output.contains("calm (low)"))
    for command in [["inspect", calibration]] {
      #expect(try Programs.tamis(all: command).expectExit().contains("fires below it"))
    }
    // A comparison takes the older points over, sides included.
    let compared = try Programs.tamis(
      "calibrate", "--model", trained.model, "--background", trained.background, "--compare",
      calibration, "--out", folder("again.json")
    ).expectExit()
    #expect(compared.contains("calm: score <") && compared.contains("fire the new one"))
    let drift = try Programs.tamis(
      "drift", "--model", trained.model, "--calibration", calibration, "--input", quiet)
    _ = try drift.wait()
    #expect(drift.output.contains("calm"))
  }

  @Test func whatHasNoLowSideSaysSo() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let usual = [
      "calibrate", "--model", trained.model, "--background", trained.background, "--out",
      folder("c.json"),
    ]
    let point = ["--working-point", "a=0.01", "--quiet-point", "b=0.01"]
    for wrong in [
      ["--quiet-point", "b=0.01"], point + ["--condition-bins", "3"],
      point + ["--condition-edges", "3"], point + ["--quiet-point", "a=0.02"],
      ["--working-point", "a=0.01", "--quiet-point", "b"],
    ] {
      let refused = try Programs.tamis(all: usual + wrong)
      #expect(try refused.wait() == 2, "\(wrong): \(refused.errors)")
    }
    for wrong in [
      ["--working-point", "a=0.7", "--quiet-point", "b=0.6"],
      ["--working-point", "a=0.01", "--quiet-point", "b=1e-6", "--allow-extrapolation"],
    ] {
      let refused = try Programs.tamis(all: usual + wrong)
      #expect(try refused.wait() != 0, "\(wrong)")
      #expect(refused.errors.contains("quiet working point"), "\(refused.errors)")
    }
    let calibration = try calibrated(trained, folder)
    let binned = try Programs.tamis(
      all: usual + ["--compare", calibration, "--condition-edges", "3"])
    #expect(try binned.wait() != 0 && binned.errors.contains("low side"), "\(binned.errors)")
    var choice = Daemon.Choice()
    choice.calibration = calibration
    let daemon = try Daemon(trained, choice)
    #expect(try daemon.stop() == 0)
    for (section, word) in [
      ("rate_control: {points: [calm=0.02]}", "low side")
    ] {
      try daemon.rewrite { $0 + "\n" + section }
      let checked = try Programs.tamisd("--config", daemon.folder("tamisd.yaml"), "--check")
      #expect(try checked.wait() != 0)
      #expect(checked.errors.contains(word), "\(checked.errors)")
      #expect(checked.errors.contains(": rate_control.points: found"), "\(checked.errors)")
      #expect(
        checked.errors.contains("tamisd.yaml:") && !checked.errors.contains("Optional"),
        "\(checked.errors)")
    }
  }
}
