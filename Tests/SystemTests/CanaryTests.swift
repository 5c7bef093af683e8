import EventRecords
import Foundation
import RunFiles
import TestSupport
import Testing

/// Events that their sender marked as simulated: decided like all others, and no part of any rate.
@Suite(.serialized) struct CanaryTests {
  @Test func injectedEventsShowTheEfficiencyAndNothingElse() throws {
    let trained = try TrainedFixture.shared.get()
    var choice = Daemon.Choice()
    choice.workers = 2
    choice.sections = """
      rate_control:
        points: [loose=0.1]
        window_events: 1000
        hold_events: 0
      """
    let daemon = try Daemon(trained, choice)
    let plain = try Daemon(trained, choice)
    let told = try Programs.tamis(
      "replay", trained.background, "--connect", daemon.input, "--inject", trained.anomalies,
      "--every", "100"
    ).expectExit()
    #expect(told.contains("injected: 200"))
    try Programs.tamis("replay", trained.background, "--connect", plain.input).expectExit()
    try daemon.waitForEvents(20_200)
    try plain.waitForEvents(20_000)
    #expect(daemon.metric("tamis_events_simulated_total") == 200)
    #expect(daemon.metric("tamis_events_lost_total") == 0)
    let fired = daemon.metric("tamis_simulated_fired_total{working_point=\"loose\"}")
    #expect((50...200).contains(fired))
    #expect(daemon.metric("tamis_efficiency{working_point=\"loose\"}") == fired / 200)
    #expect(daemon.metric("tamis_efficiency_lower{working_point=\"loose\"}") < fired / 200)
    #expect(daemon.metric("tamis_efficiency_upper{working_point=\"loose\"}") > fired / 200)
    // All that is counted of the others is as without them, the moves of the threshold included.
    for metric in [
      "tamis_events_fired_total{working_point=\"loose\"}",
      "tamis_events_fired_total{working_point=\"tight\"}",
      "tamis_threshold_factor{working_point=\"loose\"}", "tamis_events_unbiased_total",
      "tamis_events_above_threshold_total", "tamis_realised_fpr{working_point=\"loose\"}",
      "tamis_score_count", "tamis_score_sum",
    ] {
      #expect(daemon.metric(metric) == plain.metric(metric), "\(metric)")
    }
    #expect(plain.metric("tamis_efficiency{working_point=\"loose\"}") == 0)
    #expect(try daemon.stop() == 0)
    #expect(try plain.stop() == 0)
    let journal = try RecordedRun(daemon.journal)
    var simulated = 0
    try journal.forEachFlaggedRecord { record in
      guard record.event.flags.contains(.simulated) else { return }
      simulated += 1
      #expect(!record.reasons.contains(.unbiased))
    }
    #expect(simulated >= Int(fired))
    let verified = try Programs.tamis(
      "verify", "--model", trained.model, "--calibration", trained.calibration, "--input",
      trained.background, "--flagged", daemon.journal)
    #expect(try verified.expectExit().contains("verify: identical"))
  }

  /// The same where the input of the comparison has the simulated events, too.
  @Test func whatSimulatedEventsAreDecidedIsVerified() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let mixed = folder("mixed.run")
    let port = try freePort()
    let recorder = try Programs.tamis(
      "record", "--bind", "tcp://127.0.0.1:\(port)", "--pattern", "pull", "--out", mixed)
    // The recorder ends with the run; what comes after it stays with the sender.
    _ = try Programs.tamis(
      "replay", trained.background, "--connect", "tcp://127.0.0.1:\(port)", "--inject",
      trained.anomalies, "--every", "100", "--wait", "15"
    ).wait()
    try recorder.expectExit()
    let daemon = try Daemon(trained)
    try Programs.tamis("replay", mixed, "--connect", daemon.input).expectExit()
    try daemon.waitForEvents(20_200)
    #expect(daemon.metric("tamis_events_simulated_total") == 200)
    #expect(try daemon.stop() == 0)
    let verified = try Programs.tamis(
      "verify", "--model", trained.model, "--calibration", trained.calibration, "--input", mixed,
      "--flagged", daemon.journal)
    #expect(try verified.expectExit().contains("verify: identical"))
    // A calibration leaves them out.
    let calibrated = try Programs.tamis(
      "calibrate", "--model", trained.model, "--background", mixed, "--out", folder("c.json"),
      "--working-point", "loose=0.05")
    try calibrated.expectExit()
    #expect(calibrated.errors.contains("200 events that their sender had marked as simulated"))
  }
}
