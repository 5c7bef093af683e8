import EventRecords
import Foundation
import RunFiles
import TestSupport
import Testing

/// Switching generations while events flow, and what scores beside them.
@Suite(.serialized) struct ReloadTests {
  /// A calibration of the same model with other working points.
  private func otherCalibration(_ trained: TrainedFixture, in folder: TemporaryFolder) throws
    -> String
  {
    let path = folder("other.json")
    try Programs.tamis(
      "calibrate", "--model", trained.model, "--background", trained.background, "--out", path,
      "--working-point", "loose=0.1", "--working-point", "other=0.02"
    ).expectExit()
    return path
  }

  /// Puts a file in the place of another at once, as a careful operator does.
  private func put(_ source: String, at target: String) throws {
    let beside = target + ".new"
    try? FileManager.default.removeItem(atPath: beside)
    try FileManager.default.copyItem(atPath: source, toPath: beside)
    #expect(rename(beside, target) == 0)
  }

  /// A daemon whose calibration is the file `live`, and another calibration for it.
  private struct Switching {
    let trained: TrainedFixture
    let folder: TemporaryFolder
    let other: String
    let live: String
    let daemon: Daemon
  }

  private func switching(workers: Int? = nil) throws -> Switching {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let live = folder("live.json")
    try put(trained.calibration, at: live)
    var choice = Daemon.Choice()
    choice.calibration = live
    if let workers { choice.workers = workers }
    return Switching(
      trained: trained, folder: folder, other: try otherCalibration(trained, in: folder),
      live: live, daemon: try Daemon(trained, choice))
  }

  /// Whoever decides an event, it is decided once, by one of the two, and as the offline commands say.
  @Test(arguments: [0, 1, 3])
  func reloadsUnderLoadLoseAndDoubleNothing(workers: Int) throws {
    let set = try switching(workers: workers)
    let (trained, other, live, daemon) = (set.trained, set.other, set.live, set.daemon)
    let garbage = try set.folder.write("{\"format\": \"tamis-calibration/1\"", to: "garbage.json")
    let replay = try Programs.tamis(
      "replay", trained.background, trained.anomalies, "--connect", daemon.input, "--pattern",
      "push",
      "--pace", "5000/s", "--batch", "16")
    let candidates = [
      other, garbage, trained.calibration, other, garbage, trained.calibration, other,
    ]
    for (index, candidate) in candidates.enumerated() {
      try daemon.waitForEvents((index + 1) * 2_000)
      try put(candidate, at: live)
      try daemon.reload()
    }
    #expect(daemon.metric("tamis_reloads_total{result=\"ok\"}") == 5)
    #expect(daemon.metric("tamis_reloads_total{result=\"refused\"}") == 2)
    #expect(daemon.metric("tamis_arms_generation") == 6)
    try daemon.waitForLog("reload refused")
    try replay.expectExit()
    try daemon.waitForEvents(22_000)
    #expect(daemon.metric("tamis_events_received_total") == 22_000)
    #expect(daemon.metric("tamis_events_lost_total") == 0)
    // Names outlive a switch: what `tight` counted stays, `loose` counts on.
    #expect(daemon.metric("tamis_events_flagged_total{working_point=\"tight\"}") > 0)
    #expect(daemon.metric("tamis_events_flagged_total{working_point=\"other\"}") > 0)
    #expect(try daemon.stop() == 0)

    var decidedElsewhere = 0
    for calibration in [trained.calibration, other] {
      let verified = try verify(daemon, trained, calibration: calibration)
      #expect(verified["verify"] as? String == "identical")
      decidedElsewhere += verified["decided_by_other_arms"] as? Int ?? 0
    }
    #expect(decidedElsewhere == 22_000)
  }

  /// The second take has the same events as the first, and another calibration decided it.
  @Test func aRunThatIsSentAgainAfterAReloadIsVerifiedForBoth() throws {
    let set = try switching()
    let (trained, other, live, daemon) = (set.trained, set.other, set.live, set.daemon)
    func send(_ run: String, total: Int) throws {
      try Programs.tamis("replay", run, "--connect", daemon.input, "--pattern", "push")
        .expectExit()
      try daemon.waitForEvents(total)
    }
    try send(trained.anomalies, total: 2_000)
    try put(other, at: live)
    try daemon.reload()
    try send(trained.background, total: 22_000)
    try send(trained.anomalies, total: 24_000)
    #expect(try daemon.stop() == 0)

    for calibration in [trained.calibration, other] {
      let verified = try verify(
        daemon, trained, calibration: calibration, input: [trained.anomalies, trained.background])
      #expect(verified["verify"] as? String == "identical", "\(verified)")
      #expect(verified["takes"] as? Int == 2 && verified["flagged"] as? Int ?? 0 > 100)
    }
    // One run alone: the other's records are counted, and so are the events of the other calibration.
    // The change came in the other run, between two records of this one.
    var decidedElsewhere = 0
    for calibration in [trained.calibration, other] {
      let alone = try verify(
        daemon, trained, calibration: calibration, input: [trained.anomalies])
      #expect(alone["verify"] as? String == "identical", "\(alone)")
      decidedElsewhere += alone["decided_by_other_arms"] as? Int ?? 0
      #expect(alone["records_of_other_runs"] as? Int ?? 0 > 0)
    }
    #expect(decidedElsewhere == 4_000)
    let foreign = try verify(
      daemon, trained, calibration: trained.calibration, input: [trained.background])
    #expect(foreign["verify"] as? String == "nothing_compared", "\(foreign)")
    #expect(foreign["decided_by_other_arms"] as? Int == 20_000)
  }

  @Test func theCommandSaysHowAReloadCameOut() throws {
    let set = try switching()
    let (other, live, daemon) = (set.other, set.live, set.daemon)
    let url = "http://127.0.0.1:\(daemon.httpPort)"
    try put(other, at: live)
    let made = try Programs.tamis("reload", "--url", url).expectExit()
    #expect(made.hasPrefix("reload: made\ngeneration: 2\n"))
    try put(try set.folder.write("{", to: "garbage.json"), at: live)
    let refused = try Programs.tamis("reload", "--url", url, "--json").expectExit(1)
    let facts = try JSONSerialization.jsonObject(with: Data(refused.utf8)) as? [String: Any]
    #expect(facts?["reload"] as? String == "refused" && facts?["generation"] as? Int == 2)
    #expect((facts?["reason"] as? String)?.contains("live.json: line 1") == true)
    #expect(try daemon.stop() == 0)
    let away = try Programs.tamis("reload", "--url", url)
    #expect(try away.expectExit(1).isEmpty && away.errors.contains("Connection refused"))
  }

  @Test func aModelOfOtherFeaturesIsRefusedWhileTheDaemonRuns() throws {
    let trained = try TrainedFixture.shared.get()
    let daemon = try Daemon(trained)
    let rows = daemon.folder("rows.npy")
    let values = (0..<400).map { row in (0..<5).map { Float((row * 7 + $0 * 13) % 31) } }
    try writeNumpy(values, to: rows)
    let model = daemon.folder("five.safetensors")
    try Programs.tamis(
      "train", "--background", rows, "--out", model, "--steps", "5", "--hidden", "16", "--blocks",
      "1"
    ).expectExit()
    let calibration = daemon.folder("five.json")
    try Programs.tamis(
      "calibrate", "--model", model, "--background", rows, "--out", calibration,
      "--working-point", "loose=0.1"
    ).expectExit()
    try daemon.rewrite { text in
      text.replacingOccurrences(of: trained.model, with: model)
        .replacingOccurrences(of: trained.calibration, with: calibration)
    }
    try daemon.reload()
    #expect(daemon.metric("tamis_last_reload_successful") == 0)
    try daemon.waitForLog("found 5 features, expected 64")
    // A configuration that cannot be read is refused too, and the daemon works on.
    try daemon.rewrite { $0 + "\nnonsense: 1\n" }
    try daemon.reload()
    try daemon.waitForLog("nonsense")
    try Programs.tamis("replay", trained.anomalies, "--connect", daemon.input).expectExit()
    try daemon.waitForEvents(2_000)
    #expect(try daemon.stop() == 0)
    #expect(
      try verify(daemon, trained, calibration: trained.calibration, input: [trained.anomalies])[
        "verify"]
        as? String == "identical")
  }

  @Test func aShadowCountsHowOftenItWouldDiffer() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let other = try otherCalibration(trained, in: folder)
    var choice = Daemon.Choice()
    choice.sections = "shadow: {model: \(trained.model), calibration: \(other)}\n"
    let daemon = try Daemon(trained, choice)
    try Programs.tamis(
      "replay", trained.background, trained.anomalies, "--connect", daemon.input
    ).expectExit()
    try daemon.waitForEvents(22_000)
    func count(_ decision: String) -> Double {
      daemon.metric("tamis_shadow_events_total{decision=\"\(decision)\"}")
    }
    let live = daemon.metric("tamis_events_above_threshold_total")
    #expect(count("both") == live && count("live_only") == 0)
    #expect(count("shadow_only") > 0.01 * 22_000)
    let sum = ["both", "live_only", "shadow_only", "neither"].reduce(0) { $0 + count($1) }
    #expect(sum == 22_000)
    #expect(try daemon.stop() == 0)
    // Nothing of the shadow shows in what was published.
    #expect(
      try verify(daemon, trained, calibration: trained.calibration)["verify"] as? String
        == "identical")
  }

  @Test func everyEventIsPublishedForCommissioning() throws {
    let trained = try TrainedFixture.shared.get()
    var choice = Daemon.Choice()
    choice.outputLines = "  publish: all\n"
    let daemon = try Daemon(trained, choice)
    let receiver = try Receiver(of: daemon)
    try Programs.tamis("replay", trained.anomalies, "--connect", daemon.input).expectExit()
    try daemon.waitForEvents(2_000)
    #expect(try receiver.end(having: 2_000).contains("faults: 0"))
    let unflagged = daemon.metric("tamis_records_published_total{topic=\"unflagged\"}")
    #expect(unflagged > 0 && daemon.metric("tamis_records_published_total") == 2_000)
    #expect(try daemon.stop() == 0)
    let run = try RecordedRun(receiver.run)
    #expect(run.recordCount == 2_000)
    let records = try (0..<2_000).map { try run.flaggedRecord(at: $0).header }
    #expect(records.filter { $0.reasons.isEmpty }.count == Int(unflagged))
    #expect(records.filter { $0.reasons.isEmpty }.allSatisfy { $0.weight == 0 && $0.score > 0 })
    let verified = try verify(
      daemon, trained, calibration: trained.calibration, input: [trained.anomalies])
    #expect(verified["verify"] as? String == "identical" && verified["flagged"] as? Int == 2_000)
  }

  @Test func aFloodIsCappedAndItsWeightsEstimateIt() throws {
    let trained = try TrainedFixture.shared.get()
    var choice = Daemon.Choice()
    choice.sections = "flood: {flagged_rate_max: 100}\n"
    choice.unbiasedPrescale = 0
    let daemon = try Daemon(trained, choice)
    // Anomalies of 2,000 events, nearly all flagged, ten times over.
    let burst = daemon.folder("burst")
    try Programs.tamis(
      "simulate", "anomalies", "--events", "20000", "--seed", "9", "--run", "12", "--out", burst
    ).expectExit()
    let began = ContinuousClock.now
    let replay = try Programs.tamis(
      "replay", burst, "--connect", daemon.input, "--pace", "4000/s")
    // The flood is over within half a second of its last event: it is looked for while events come.
    try waitUntil("the flood shows\n\(daemon.program.errors)") {
      daemon.metric("tamis_flood_prescale") > 1
    }
    try replay.expectExit()
    try daemon.waitForEvents(20_000)
    let seconds = Double((ContinuousClock.now - began) / .seconds(1))
    let above = daemon.metric("tamis_events_above_threshold_total")
    let kept = daemon.metric("tamis_records_journaled_total")
    let suppressed = daemon.metric("tamis_events_flood_suppressed_total")
    #expect(above > 10_000 && kept + suppressed == above)
    // It is over when it is over, without another event.
    try waitUntil("the flood is over") { daemon.metric("tamis_flood_prescale") == 1 }
    try daemon.waitForLog("flood: more events")
    try daemon.waitForLog("the flood is over")
    #expect(try daemon.stop() == 0)
    let run = try RecordedRun(daemon.journal)
    let weights = try (0..<run.recordCount).map { Double(try run.flaggedRecord(at: $0).weight) }
    let spread = weights.reduce(0) { $0 + $1 * ($1 - 1) }.squareRoot()
    #expect(abs(weights.reduce(0, +) - above) < 5 * spread)
    let prescales = try floodPrescales(of: daemon)
    #expect(prescales.first == 1 && prescales.last == 1 && prescales.contains { $0 > 1 })
    #expect(weights.allSatisfy(prescales.contains) && weights.contains { $0 > 1 })
    // A slice of 0.2 s may keep 20, and 20 more each time that the prescale doubles in it. How long the
    // replay took, the machine has decided.
    let doublings = zip(prescales, prescales.dropFirst()).count { $0 < $1 }
    #expect(kept <= 20 * (seconds / 0.2 + 1 + Double(doublings)), "\(seconds) s, \(prescales)")
    #expect(
      try verify(daemon, trained, calibration: trained.calibration, input: [burst])["verify"]
        as? String == "identical")
  }

  /// The prescale of the cap on the flagged rate, in the order of decisions.
  private func floodPrescales(of daemon: Daemon) throws -> [Double] {
    try daemon.folder.read("journal/decisions.jsonl").split(separator: "\n").map { line in
      let change = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return try #require(change?["flood_prescale"] as? Double)
    }
  }

  private func verify(
    _ daemon: Daemon, _ trained: TrainedFixture, calibration: String, input: [String]? = nil
  ) throws -> [String: Any] {
    let program = try Programs.tamis(
      all: ["verify", "--model", trained.model, "--calibration", calibration, "--input"]
        + (input ?? [trained.background, trained.anomalies])
        + ["--flagged", daemon.journal, "--json"])
    _ = try program.wait()
    let object = try JSONSerialization.jsonObject(with: Data(program.output.utf8))
    return object as? [String: Any] ?? [:]
  }
}
