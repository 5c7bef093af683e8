import Foundation
import RunFiles
import Testing

/// Thresholds that move with their rate, and offline commands that follow them.
@Suite(.serialized) struct RateControlTests {
  private static let sections = """
    rate_control:
      points: [loose=0.1]
      window_events: 1000
      hold_events: 1000
      step_max_percent: 50
    """

  private func choice(precision: String = "exact", workers: Int = 1) -> Daemon.Choice {
    var choice = Daemon.Choice()
    choice.sections = Self.sections
    choice.precision = precision
    choice.workers = workers
    return choice
  }

  private func replay(_ daemon: Daemon, _ paths: String...) throws {
    let before = daemon.decided
    try Programs.tamis(all: ["replay"] + paths + ["--connect", daemon.input]).expectExit()
    try daemon.waitForEvents(
      before + (try paths.reduce(0) { $0 + (try RecordedRun($1)).recordCount })
        - 2 * paths.count)
  }

  /// The calibration's 5 % become 10 %, in screened scoring too, and every record is the offline one.
  @Test(arguments: ["exact", "screened"]) func aRateIsBroughtToItsTarget(precision: String) throws {
    let trained = try TrainedFixture.shared.get()
    let daemon = try Daemon(trained, choice(precision: precision, workers: 2))
    try replay(daemon, trained.background)
    let factor = daemon.metric("tamis_threshold_factor{working_point=\"loose\"}")
    #expect((0.5..<0.99).contains(factor))
    #expect(daemon.metric("tamis_rate_control_steps_total{working_point=\"loose\"}") >= 10)
    #expect(daemon.metric("tamis_threshold_factor{working_point=\"tight\"}") == 0)
    let fired = daemon.metric("tamis_events_fired_total{working_point=\"loose\"}")
    #expect((0.08...0.11).contains(fired / 20_000))
    #expect(try daemon.stop() == 0)
    let lines = try decisions(of: daemon)
    #expect(lines.contains { ($0["factors"] as? [Double])?.count == 2 })
    #expect(daemon.program.errors.contains("rate held: loose at 0.1, threshold times 0.5 to 2.0"))
    #expect(
      try verify(daemon, trained, input: [trained.background])["verify"] as? String == "identical")
    // Without the journal's history the records are not the calibration's.
    try FileManager.default.removeItem(atPath: daemon.journal + "/decisions.jsonl")
    #expect(
      try verify(daemon, trained, input: [trained.background])["verify"] as? String == "different")
  }

  /// A process goes on from the factor that the last one left, and a reload of the same files holds it.
  @Test func arestartAndAReloadGoOn() throws {
    let trained = try TrainedFixture.shared.get()
    let daemon = try Daemon(trained, choice())
    try replay(daemon, trained.background)
    let factor = daemon.metric("tamis_threshold_factor{working_point=\"loose\"}")
    #expect(try daemon.stop() == 0)
    try daemon.restart()
    #expect(daemon.metric("tamis_threshold_factor{working_point=\"loose\"}") == factor)
    try daemon.reload()
    #expect(daemon.metric("tamis_last_reload_successful") == 1)
    try replay(daemon, trained.anomalies)
    #expect(daemon.metric("tamis_threshold_factor{working_point=\"loose\"}") > factor)
    #expect(try daemon.stop() == 0)
    #expect(
      try verify(daemon, trained, input: [trained.background, trained.anomalies])["verify"]
        as? String == "identical")
  }

  /// A stream that is sent again, to another daemon, moves its thresholds at the same events to the
  /// same bits.
  @Test func theSameStreamMakesTheSameSteps() throws {
    let trained = try TrainedFixture.shared.get()
    var moves: [[String]] = []
    for workers in [0, 1, 3] {
      let daemon = try Daemon(trained, choice(workers: workers))
      try replay(daemon, trained.background)
      #expect(try daemon.stop() == 0)
      moves.append(
        try decisions(of: daemon).map { line in
          let after = (line["after"] as? [String: Any])?["sequence"] as? Int
          return "\(after ?? 0) \(line["factors"] ?? "")"
        })
    }
    #expect(moves[0].count > 10 && moves[0] == moves[1] && moves[0] == moves[2])
  }

  @Test func aPointThatDoesNotExistIsRefused() throws {
    let trained = try TrainedFixture.shared.get()
    let daemon = try Daemon(trained)
    try daemon.rewrite { $0 + "\nrate_control: {points: [losse=0.1]}\n" }
    try daemon.reload()
    #expect(daemon.metric("tamis_last_reload_successful") == 0)
    try daemon.waitForLog("rate_control.points: found `losse`")
    try daemon.rewrite { $0.replacingOccurrences(of: "losse", with: "loose") }
    try daemon.reload()
    #expect(daemon.metric("tamis_threshold_factor{working_point=\"loose\"}") == 1)
    #expect(daemon.metric("tamis_rate_control_held{working_point=\"loose\"}") <= 1)
    #expect(try daemon.stop() == 0)
  }

  private func decisions(of daemon: Daemon) throws -> [[String: Any]] {
    try String(contentsOfFile: daemon.journal + "/decisions.jsonl", encoding: .utf8)
      .split(separator: "\n").compactMap {
        try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
      }
  }

  private func verify(
    _ daemon: Daemon, _ trained: TrainedFixture, input: [String]
  ) throws -> [String: Any] {
    let program = try Programs.tamis(
      all: ["verify", "--model", trained.model, "--calibration", trained.calibration, "--input"]
        + input + ["--flagged", daemon.journal, "--json"])
    _ = try program.wait()
    let object = try JSONSerialization.jsonObject(with: Data(program.output.utf8))
    return object as? [String: Any] ?? [:]
  }
}
