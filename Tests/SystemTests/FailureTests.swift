import EventRecords
import Foundation
import RunFiles
import TestSupport
import Testing

/// What the operating page promises when something ends or fails.
@Suite(.serialized) struct FailureTests {
  @Test(arguments: [0, 1])
  func aTerminatedDaemonFinishesWhatItReceived(workers: Int) throws {
    let trained = try TrainedFixture.shared.get()
    var choice = Daemon.Choice()
    choice.workers = workers
    let daemon = try Daemon(trained, choice)
    let receiver = try Receiver(of: daemon)
    let sender = try endlessSender(to: daemon)
    try daemon.waitForEvents(5_000)
    #expect(try daemon.stop() == 0)
    sender.signal(SIGKILL)

    let ledger = try daemon.folder.read("journal/ledger.jsonl")
    let line = try #require(ledger.split(separator: "\n").last)
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    let scored = try #require(report["scored"] as? Int)
    #expect(report["closing"] as? String == "shutdown")
    #expect(report["events"] as? Int == scored)
    #expect(report["shed"] as? Int == 0)
    #expect(scored >= 5_000)
    let journal = try RecordedRun(daemon.journal)
    let offline = try offlineFlagged(daemon, trained)
    let last = UInt64(scored) + 1
    let due = try (0..<offline.recordCount).filter {
      (try offline.flaggedRecord(at: $0)).event.sequence <= last
    }.count
    #expect(journal.recordCount == due)
    #expect(try receiver.end(having: due).contains("received: \(due) records"))
  }

  @Test func aKilledDaemonGoesOnWhereItWas() throws {
    let trained = try TrainedFixture.shared.get()
    let daemon = try Daemon(trained)
    // Numbers jump at each kill, and only who can ask knows that nothing was missed.
    let receiver = try Receiver(
      of: daemon, options: ["--catch-up", daemon.catchUp, "--from", "1"])
    let sender = try endlessSender(to: daemon)
    for _ in 0..<3 {
      let before = daemon.decided
      try daemon.waitForEvents(before + 3_000)
      daemon.program.signal(SIGKILL)
      _ = try daemon.program.wait()
      try daemon.restart()
    }
    try daemon.waitForEvents(3_000)
    sender.signal(SIGKILL)
    // Only a daemon that lives can answer what lies in the last jump.
    try daemon.waitUntilDry()
    let said = try receiver.end(having: flaggedByteCount(in: daemon.journal) / 640)
    #expect(try daemon.stop() == 0)
    let journal = try RecordedRun(daemon.journal)
    var (last, jumps) = (UInt64(0), 0)
    for index in 0..<journal.recordCount {
      let record = try journal.flaggedRecord(at: index)
      #expect(record.number > last)
      if record.number != last + 1 { jumps += 1 }
      last = record.number
      #expect(record.storedChecksum == record.computedChecksum)
    }
    #expect(jumps == 3)
    #expect(said.contains("highest number: \(last)"))
    #expect(said.contains("faults: 0"))
  }

  @Test func aFullDiskHoldsTheStreamUntilThereIsSpace() throws {
    let trained = try TrainedFixture.shared.get()
    let daemon = try Daemon(trained)
    // A limit on the size of files acts as a full disk does, needs no privilege, and can be lifted.
    try limitFileSize(of: daemon, to: "65536")
    let replay = try Programs.tamis(
      "replay", trained.anomalies, "--connect", daemon.input, "--pattern", "push")
    try waitUntil("the stall shows") { daemon.metric("tamis_journal_stalled") == 1 }
    try waitUntil("the health shows it") {
      httpGet(port: daemon.httpPort, "/healthz")?.status == 503
    }
    #expect(httpGet(port: daemon.httpPort, "/healthz")?.body.contains("journal") == true)
    try limitFileSize(of: daemon, to: "unlimited")
    try replay.expectExit()
    try daemon.waitForEvents(2_000)
    #expect(daemon.metric("tamis_journal_stalled") == 0)
    #expect(daemon.metric("tamis_journal_failures_total") > 0)
    try waitUntil("the health is well") {
      httpGet(port: daemon.httpPort, "/healthz")?.status == 200
    }
    #expect(try daemon.stop() == 0)
    #expect(
      try Programs.tamis(
        "verify", "--model", trained.model, "--calibration", trained.calibration, "--input",
        trained.anomalies, "--flagged", daemon.journal
      ).expectExit().contains("verify: identical"))
  }

  @Test func anOutputNobodyReadsWaitsInTheJournal() throws {
    let trained = try TrainedFixture.shared.get()
    for pattern in ["pub", "push"] {
      var choice = Daemon.Choice()
      choice.outputPattern = pattern
      let daemon = try Daemon(trained, choice)
      try Programs.tamis("replay", trained.anomalies, "--connect", daemon.input).expectExit()
      try daemon.waitForEvents(2_000)
      let kept = daemon.metric("tamis_records_journaled_total")
      #expect(kept > 500)
      #expect(daemon.metric("tamis_records_waiting") == kept)
      #expect(daemon.metric("tamis_records_published_total") == 0)
      #expect(try daemon.stop() == 0)
      try daemon.restart()
      #expect(daemon.metric("tamis_records_waiting") == kept)
      let receiver = try Receiver(of: daemon, pattern: pattern)
      #expect(
        try receiver.end(having: Int(kept)).contains("received: \(Int(kept)) records"))
      try waitUntil("nothing waits") { daemon.metric("tamis_records_waiting") == 0 }
      #expect(try daemon.stop() == 0)
    }
  }

  @Test func whatCannotWorkIsSaidAtStart() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let first = try Daemon(trained)
    func fails(_ name: String, model: String, port: Int) throws -> String {
      let configuration = try folder.write(
        """
        model: \(model)
        calibration: \(trained.calibration)
        input: {bind: ["tcp://127.0.0.1:\(port)"]}
        output: {bind: ["tcp://127.0.0.1:\(try freePort())"]}
        journal: {path: journal-\(name)}
        http: {listen: ""}
        """, to: "\(name).yaml")
      let program = try Programs.tamisd("--config", configuration)
      #expect(try program.wait() == 1)
      return program.errors
    }
    let inUse = try fails("port", model: trained.model, port: first.inputPort)
    #expect(inUse.contains("\(first.inputPort)"))
    #expect(inUse.contains("in use"))
    let missing = try fails("model", model: "nothing.safetensors", port: try freePort())
    #expect(missing.contains("nothing.safetensors"))
    let other = folder("other.safetensors")
    try Programs.tamis(
      "train", "--background", trained.anomalies, "--out", other, "--steps", "5", "--hidden", "16",
      "--blocks", "1"
    ).expectExit()
    #expect(
      try fails("other", model: other, port: try freePort()).contains("was made for the model"))
  }
}

// MARK: - Peers of these tests

/// Sends events in order from one connection, more than any test takes.
private func endlessSender(to daemon: Daemon) throws -> Launched {
  try Programs.peer(
    "send.py",
    [
      "--generate", "50000000", "--rate", "15000", "--batch", "16", "--connect", daemon.input,
    ])
}

private func offlineFlagged(_ daemon: Daemon, _ trained: TrainedFixture) throws -> RecordedRun {
  // The generator is seeded: the same events again, to a file.
  let sent = daemon.folder("sent")
  let port = try freePort()
  let recorder = try Programs.tamis(
    "record", "--bind", "tcp://127.0.0.1:\(port)", "--pattern", "pull", "--out", sent, "--events",
    "200000")
  let sender = try Programs.peer(
    "send.py",
    ["--generate", "50000000", "--batch", "256", "--connect", "tcp://127.0.0.1:\(port)"])
  try recorder.expectExit()
  sender.signal(SIGKILL)
  try Programs.tamis(
    "score", "--model", trained.model, "--calibration", trained.calibration, "--input", sent,
    "--flagged", daemon.folder("offline"), "--unbiased-prescale", "50"
  ).expectExit()
  return try RecordedRun(daemon.folder("offline"))
}

private func limitFileSize(of daemon: Daemon, to limit: String) throws {
  try Launched(
    "/usr/bin/prlimit",
    ["--pid", "\(daemon.program.processIdentifier)", "--fsize=\(limit):unlimited"]
  ).expectExit()
}
