import EventRecords
import Foundation
import RunFiles
import TestSupport
import Testing

/// The account of a stream, over kills and over daemons.
@Suite(.serialized) struct LedgerTests {
  /// Killed three times in one run, the daemons together know of every record whether it was decided;
  /// what was flagged and is not in the journal is among those that the ledger has as missing.
  @Test func killsLeaveALedgerThatCloses() throws {
    let trained = try TrainedFixture.shared.get()
    let daemon = try Daemon(trained)
    // Four stretches, and a kill in each of the first three. A kill takes at most the last 1,000 of its
    // stretch with it, and what the one before it left of another.
    func send(_ first: Int, _ count: Int) throws -> Launched {
      try Launched(
        Programs.python,
        [
          "\(Programs.root)/Tests/SystemTests/Peers/paced_part.py", daemon.input,
          "\(trained.background)/000001.events", "\(first)", "\(count)", "3000",
        ])
    }
    for stretch in 0..<3 {
      let before = daemon.decided
      let sender = try send(5_000 * stretch, 5_000)
      try daemon.waitForEvents(before + 4_000)
      daemon.program.signal(SIGKILL)
      _ = try daemon.program.wait()
      try daemon.restart()
      try sender.expectExit()
    }
    try send(15_000, 5_002).expectExit()
    try waitUntil("the run is closed") {
      (try? daemon.folder.read("journal/ledger.jsonl"))?.contains("end_of_run") ?? false
    }
    try daemon.waitForLog("resuming a run")
    #expect(daemon.metric("tamis_ledger_faults_total") == 0)
    #expect(try daemon.stop() == 0)

    let account = try #require(try ledger([daemon.journal]).first)
    #expect(account["expected"] as? Int == 20_002)
    let decided = try #require(account["decided"] as? Int)
    let missing = try #require(account["missing"] as? Int)
    // Most was decided: a ledger that begins anew with every process would have it otherwise.
    #expect(decided + missing == 20_002 && decided > 10_000)
    #expect(account["open"] as? Bool == false)
    let verified = try Programs.tamis(
      "verify", "--model", trained.model, "--calibration", trained.calibration, "--input",
      trained.background, "--flagged", daemon.journal, "--decided-only", "--json"
    ).expectExit()
    #expect(verified.contains("identical"))
  }

  /// Numbers before the 64 ranges that a daemon keeps are missing without being listed.
  @Test func whatIsMissingBeforeTheRangesIsCounted() throws {
    let folder = TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: folder("journal"), withIntermediateDirectories: true)
    let ranges = stride(from: 100, to: 180, by: 10).map { "[\($0), \($0 + 4)]" }
    let line =
      #"{"run": 1, "source": 2, "closing": "end_of_run", "expected": 200, "received": 80, "#
      + #""lost": 120, "events": 80, "scored": 80, "not_finite": 0, "repeated": 0, "shed": 0, "#
      + #""flagged": 0, "unbiased": 0, "opened_ns": 1, "resumed": 0, "decided": 80, "#
      + #""closed_through": 60, "decided_ranges": [\#(ranges.joined(separator: ", "))], "#
      + #""balanced": true}"#
    try Data("\(line)\n".utf8).write(to: URL(fileURLWithPath: folder("journal/ledger.jsonl")))
    let account = try #require(try ledger([folder("journal")]).first)
    // 61-99, seven of five numbers, 175-200; 40 of the first 60 were decided.
    let listed = try #require(account["missing_ranges"] as? [[Int]])
    #expect(listed.count == 9 && listed.first == [61, 99] && listed.last == [175, 200])
    #expect(account["missing"] as? Int == 120 && account["missing_unlisted"] as? Int == 20)
    let text = try Programs.tamis("ledger", folder("journal")).expectExit()
    #expect(
      text.contains(
        "missing 120 (sequences 61-99, 105-109, 115-119, 6 more ranges with --json, "
          + "20 up to 60, which ones is not known)"), "\(text)")
  }

  /// A journal counts once, whatever its names are; a copy of it is not complete.
  @Test func aJournalIsGivenOnce() throws {
    let folder = TemporaryFolder()
    let manager = FileManager.default
    try manager.createDirectory(atPath: folder("journal"), withIntermediateDirectories: true)
    let line =
      #"{"run": 1, "source": 2, "closing": "end_of_run", "expected": 80, "received": 80, "#
      + #""lost": 0, "events": 78, "scored": 78, "not_finite": 0, "repeated": 0, "shed": 0, "#
      + #""flagged": 0, "unbiased": 0, "opened_ns": 1, "resumed": 0, "decided": 80, "#
      + #""closed_through": 0, "decided_ranges": [[1, 80]], "balanced": true}"#
    try Data("\(line)\n".utf8).write(to: URL(fileURLWithPath: folder("journal/ledger.jsonl")))
    try manager.copyItem(atPath: folder("journal"), toPath: folder("copy"))
    try manager.createSymbolicLink(atPath: folder("link"), withDestinationPath: "journal")
    for (second, found) in [
      ("journal", "it twice"), ("link", "the same folder as \(folder("journal"))"),
    ] {
      let refused = try Programs.tamis("ledger", folder("journal"), folder(second))
      #expect(try refused.wait() == 1)
      #expect(
        refused.errors.contains("\(folder(second)): found \(found), expected each journal once"))
    }
    let copied = try Programs.tamis("ledger", "--complete", folder("journal"), folder("copy"))
    #expect(try copied.wait() == 1)
    #expect(copied.output.contains("; decided twice 80"))
    #expect(copied.output.contains("verdict: decided_twice"))
    let alone = try Programs.tamis("ledger", "--complete", folder("copy")).expectExit()
    #expect(alone.contains("verdict: complete"))
  }

  @Test func anOrderlyRestartInTheMiddleOfARunLosesNothing() throws {
    let trained = try TrainedFixture.shared.get()
    let daemon = try Daemon(trained)
    func send(_ first: Int, _ count: Int) throws {
      try Launched(
        Programs.python,
        [
          "\(Programs.root)/Tests/SystemTests/Peers/part_of_run.py", daemon.input, "\(first)",
          "\(count)",
        ]
      ).expectExit()
    }
    try send(1, 500)
    try daemon.waitForEvents(500)
    #expect(try daemon.stop() == 0)
    try daemon.restart()
    try send(501, 500)
    try daemon.waitForEvents(500)
    #expect(daemon.metric("tamis_events_lost_total") == 0)
    #expect(try daemon.stop() == 0)
    let account = try #require(try ledger([daemon.journal]).first)
    #expect(account["expected"] as? Int == 1_000 && account["missing"] as? Int == 0)
  }

  /// Three daemons behind one PUSH, one of them killed: the others go on, and the ledger of the whole
  /// says what was lost with it.
  @Test func threeDaemonsShareAStreamAndOneIsKilled() throws {
    let trained = try TrainedFixture.shared.get()
    let port = try freePort()
    let daemons = try (1...3).map { instance in
      var choice = Daemon.Choice()
      choice.instance = instance
      choice.inputLines = "  shared: true\n"
      choice.inputConnect = "tcp://127.0.0.1:\(port)"
      return try Daemon(trained, choice)
    }
    let began = ContinuousClock.now
    let replay = try Programs.tamis(
      "replay", trained.background, trained.anomalies, "--bind", "tcp://127.0.0.1:\(port)",
      "--pattern", "push", "--pace", "5000/s", "--batch", "8")
    try daemons[1].waitForEvents(1_500)
    let decidedBefore = daemons.reduce(0) { $0 + $1.decided }
    daemons[1].program.signal(SIGKILL)
    _ = try daemons[1].program.wait()
    let sentAtMost = min(22_004, 16 + 5_000 * ((ContinuousClock.now - began) / .seconds(1)))
    try replay.expectExit()
    // Nothing more comes when the counts stand still.
    var last = -1
    try waitUntil("all is decided") {
      let now = daemons[0].decided + daemons[2].decided
      defer { last = now }
      if now != last { usleep(1_000_000) }
      return now == last
    }
    for daemon in [daemons[0], daemons[2]] {
      #expect(daemon.decided > 4_000)
      #expect(daemon.metric("tamis_events_lost_total") == 0)
      #expect(daemon.metric("tamis_events_elsewhere_total") > 1_000)
      #expect(try daemon.stop() == 0)
    }
    let accounts = try ledger(daemons.map(\.journal))
    #expect(accounts.map { $0["run"] as? Int } == [10, 11])
    let expected = accounts.compactMap { $0["expected"] as? Int }.reduce(0, +)
    let decided = accounts.compactMap { $0["decided"] as? Int }.reduce(0, +)
    let missing = accounts.compactMap { $0["missing"] as? Int }.reduce(0, +)
    #expect(expected == 22_004 && decided + missing == expected)
    #expect(accounts.allSatisfy { $0["decided_twice"] as? Int == 0 })
    // A killed daemon loses what stood in its queues: less than was sent and not decided then.
    #expect(Double(missing + decidedBefore) <= sentAtMost)
    // Of each event that is to be flagged the instance is known, but of those that are missing.
    let flagged = daemons[0].folder("offline")
    try Programs.tamis(
      "score", "--model", trained.model, "--calibration", trained.calibration, "--input",
      trained.background, trained.anomalies, "--flagged", flagged, "--unbiased-prescale", "50"
    ).expectExit()
    let due = try identities(flagged)
    var found: [String: UInt32] = [:]
    for daemon in daemons {
      for (identity, instance) in try identities(daemon.journal) {
        #expect(found.updateValue(instance, forKey: identity) == nil, "\(identity) twice")
      }
    }
    #expect(Set(found.keys).isSubset(of: due.keys))
    #expect(Set(found.values) == [1, 2, 3])
    #expect(due.count - found.count <= missing)
  }

  private func identities(_ path: String) throws -> [String: UInt32] {
    let run = try RecordedRun(path)
    var found: [String: UInt32] = [:]
    for index in 0..<run.recordCount {
      let record = try run.flaggedRecord(at: index)
      found["\(record.event.run) \(record.event.sequence)"] = record.instance
    }
    return found
  }

  private func ledger(_ journals: [String]) throws -> [[String: Any]] {
    let said = try Programs.tamis(all: ["ledger", "--json"] + journals).expectExit()
    let object = try JSONSerialization.jsonObject(with: Data(said.utf8)) as? [String: Any]
    return object?["runs"] as? [[String: Any]] ?? []
  }
}
