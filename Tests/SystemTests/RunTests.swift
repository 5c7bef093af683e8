import Foundation
import TestSupport
import Testing

/// Which records have a place in which run, and what becomes of the others.
@Suite(.serialized) struct RunTests {
  private func daemon(workers: Int, inputLines: String = "") throws -> Daemon {
    var choice = Daemon.Choice()
    choice.workers = workers
    choice.inputLines = inputLines
    return try Daemon(try TrainedFixture.shared.get(), choice)
  }

  private func send(_ streams: [String], to daemon: Daemon) throws {
    try Launched(
      Programs.python,
      ["\(Programs.root)/Tests/SystemTests/Peers/streams.py", daemon.input] + streams
    ).expectExit()
  }

  private func ledger(_ daemon: Daemon) throws -> [String: Any] {
    let said = try Programs.tamis("ledger", "--json", daemon.journal).expectExit()
    return try #require(
      try JSONSerialization.jsonObject(with: Data(said.utf8)) as? [String: Any])
  }

  private func runs(_ ledger: [String: Any]) -> [[String: Any]] {
    ledger["runs"] as? [[String: Any]] ?? []
  }

  /// Others may replay a higher and a lower run with the same source while a run streams.
  @Test(arguments: [0, 1])
  func runsOfOneSourceBesideEachOther(workers: Int) throws {
    let daemon = try daemon(workers: workers)
    try send(["12/4/1/3000/BE", "999/4/1/500/BE", "3/4/1/500/BE"], to: daemon)
    try daemon.waitForEvents(3_994)
    #expect(daemon.metric("tamis_events_rejected_total") == 0)
    #expect(daemon.metric("tamis_events_lost_total") == 0)
    #expect(try daemon.stop() == 0)
    let ledger = try ledger(daemon)
    #expect(runs(ledger).map { $0["run"] as? Int } == [3, 12, 999])
    #expect(runs(ledger).map { $0["decided"] as? Int } == [500, 3_000, 500])
    #expect(ledger["verdict"] as? String == "complete")
  }

  /// What is refused stands in the ledger of its run, in the log, and makes the verdict.
  @Test(arguments: [0, 1])
  func whatIsRefusedIsTold(workers: Int) throws {
    let daemon = try daemon(workers: workers)
    try send(["12/4/1/300/BE"], to: daemon)
    try daemon.waitForEvents(298)
    try send(["12/4/301/20", "13/4/1/50/B", "13/4/11/30"], to: daemon)
    try daemon.waitForEvents(298 + 20 + 49 + 30)
    try waitUntil("the log tells it\n\(daemon.program.errors)") {
      daemon.program.errors.contains("run_ended")
    }
    #expect(daemon.metric("tamis_events_rejected_total{reason=\"run_ended\"}") == 20)
    #expect(try daemon.stop() == 0)
    let said = try ledger(daemon)
    #expect(
      runs(said).map { $0["refused"] as? [String: Int] } == [["run_ended": 20], ["repeated": 30]])
    #expect(said["refused"] as? [String: Int] == ["run_ended": 20, "repeated": 30])
    #expect(said["missing"] as? Int == 0 && said["verdict"] as? String == "refused")
    let complete = try Programs.tamis("ledger", "--complete", daemon.journal)
    #expect(try complete.wait() == 1 && complete.errors.contains("refused"))

    // A late record is told from a new run over a restart too.
    try daemon.restart()
    try send(["12/4/400/5"], to: daemon)
    try daemon.waitForEvents(5)
    #expect(daemon.metric("tamis_events_rejected_total{reason=\"run_ended\"}") == 5)
    #expect(try daemon.stop() == 0)
    let after = try ledger(daemon)
    #expect(runs(after).first?["refused"] as? [String: Int] == ["run_ended": 25])
  }

  /// Wrong source numbers do not keep the right one out for good, over a restart.
  @Test(arguments: [0, 1])
  func wrongSourcesGiveUpTheirPlaces(workers: Int) throws {
    let daemon = try daemon(workers: workers, inputLines: "  silence_s: 1\n")
    try send((100..<180).map { "1/\($0)/1/2" }, to: daemon)
    try daemon.waitForEvents(160)
    #expect(try daemon.stop() == 0)
    try daemon.restart()
    var sequence = 1
    try waitUntil("the right source is taken") {
      try send(["7/4/\(sequence)/1"], to: daemon)
      sequence += 1
      return daemon.metric("tamis_events_received_total{source=\"4\"}") > 0
    }
    #expect(try daemon.stop() == 0)
    #expect(runs(try ledger(daemon)).contains { $0["source"] as? Int == 4 })
  }

  @Test func anOlderRunIsReplayedIntoALiveDaemon() throws {
    let trained = try TrainedFixture.shared.get()
    let daemon = try daemon(workers: 1)
    func replay(_ arguments: String...) throws {
      try Programs.tamis(all: ["replay", "--connect", daemon.input] + arguments).expectExit()
    }
    try replay(trained.anomalies)
    try replay(trained.background)
    try replay(trained.anomalies, "--as-run", "5", "--as-source", "77")
    try replay(trained.anomalies, "--as-run", "4294967295")
    try daemon.waitForEvents(20_000 + 3 * 2_000)
    #expect(daemon.metric("tamis_events_rejected_total") == 0)
    #expect(try daemon.stop() == 0)
    let ledger = try ledger(daemon)
    #expect(ledger["verdict"] as? String == "complete")
    #expect(runs(ledger).map { $0["run"] as? Int } == [5, 10, 11, 4_294_967_295])
    #expect(runs(ledger).first?["source"] as? Int == 77)
  }

  @Test func veryManyShortRunsLeaveALittleManifest() throws {
    let daemon = try daemon(workers: 1)
    try Launched(
      Programs.python,
      ["\(Programs.root)/Tests/SystemTests/Peers/short_runs.py", daemon.input, "5000"]
    ).expectExit()
    try daemon.waitForEvents(5_000)
    #expect(daemon.metric("tamis_events_rejected_total") == 0)
    #expect(try daemon.stop() == 0)
    let manifest = try daemon.folder.read("journal/manifest.json")
    #expect(manifest.utf8.count < 150_000)
    try Programs.tamis("inspect", daemon.journal).expectExit()
    let ledger = try ledger(daemon)
    #expect(runs(ledger).count == 5_000 && ledger["verdict"] as? String == "complete")
    try daemon.restart()
    #expect(try daemon.stop() == 0)
  }

  @Test(arguments: ["x0.00001", "x1e-300", "x1e300", "1e-300", "1e300/s"])
  func anExtremePaceIsNoTrap(pace: String) throws {
    let trained = try TrainedFixture.shared.get()
    let daemon = try daemon(workers: 1)
    let replay = try Programs.tamis(
      "replay", trained.anomalies, "--connect", daemon.input, "--pace", pace, "--gap-max", "0.001")
    try waitUntil("the first record has come, or all") {
      daemon.metric("tamis_control_records_total") > 0 || !replay.isRunning
    }
    replay.signal(SIGTERM)
    let status = try replay.wait()
    #expect(status == 0 || status == 1)
    #expect(replay.output.contains("records: "))
    #expect(try daemon.stop() == 0)
  }
}
