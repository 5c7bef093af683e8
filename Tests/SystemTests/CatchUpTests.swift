import Foundation
import RunFiles
import TestSupport
import Testing

/// What was published and not received is had by asking for it: everything, once, in order.
@Suite(.serialized) struct CatchUpTests {
  /// Segments of a hundred records, so that there are many.
  private func choice(_ journalKeys: [String] = []) -> Daemon.Choice {
    var choice = Daemon.Choice()
    choice.unbiasedPrescale = 5
    choice.journalKeys = ["segment_bytes_max: 65536"] + journalKeys
    return choice
  }

  @Test func aConsumerThatIsKilledGetsEverythingOnce() throws {
    let trained = try TrainedFixture.shared.get()
    let daemon = try Daemon(trained, choice())
    let sender = try sender(to: daemon)
    var consumer = try consumer(of: daemon)
    for _ in 0..<3 {
      let before = consumer.recordCount
      try waitUntil("the consumer writes") { consumer.recordCount > before + 300 }
      consumer.program.signal(SIGKILL)
      _ = try consumer.program.wait()
      try daemon.waitForEvents(daemon.decided + 2_000)
      consumer = try self.consumer(of: daemon)
    }
    try daemon.waitForEvents(daemon.decided + 2_000)
    sender.signal(SIGKILL)
    try finish(daemon, consumer)
  }

  @Test(arguments: [0, 1])
  func aDaemonThatIsKilledIsMissedByNobody(workers: Int) throws {
    let trained = try TrainedFixture.shared.get()
    var choice = choice()
    choice.workers = workers
    let daemon = try Daemon(trained, choice)
    let sender = try sender(to: daemon)
    let consumer = try consumer(of: daemon)
    for _ in 0..<3 {
      try daemon.waitForEvents(daemon.decided + 3_000)
      daemon.program.signal(SIGKILL)
      _ = try daemon.program.wait()
      try daemon.restart()
    }
    try daemon.waitForEvents(3_000)
    sender.signal(SIGKILL)
    try finish(daemon, consumer)
  }

  /// A subscriber that stands still and is killed: what lay in its queues is had by number.
  @Test func whatWasPublishedAndNotReceivedIsHadByNumber() throws {
    let trained = try TrainedFixture.shared.get()
    let daemon = try Daemon(trained, choice())
    let subscriber = try Programs.peer(
      "receive.py",
      ["--connect", daemon.output, "--out", daemon.folder("lost"), "--quiet"])
    try waitUntil("it subscribes") { daemon.metric("tamis_output_subscribers") == 1 }
    subscriber.signal(SIGSTOP)
    try Programs.tamis("replay", trained.anomalies, "--connect", daemon.input).expectExit()
    try daemon.waitForEvents(2_000)
    let kept = daemon.metric("tamis_records_journaled_total")
    try waitUntil("all is published") { daemon.metric("tamis_records_waiting") == 0 }
    subscriber.signal(SIGKILL)
    let said = try Programs.peer(
      "catch_up.py",
      ["--connect", daemon.catchUp, "--from", "1", "--out", daemon.folder("received")]
    ).expectExit()
    #expect(said.contains("records: \(Int(kept))\ngone: 0\nnext number: \(Int(kept) + 1)"))
    try waitUntil("they are counted") { daemon.metric("tamis_catch_up_records_total") >= kept }
    #expect(daemon.metric("tamis_catch_up_records_total") == kept)
    let some = try Programs.peer(
      "catch_up.py", ["--connect", daemon.catchUp, "--from", "7", "--to", "9", "--show"]
    ).expectExit()
    #expect(some.contains("records: 3") && some.hasPrefix("7: run 11"))
    #expect(try daemon.stop() == 0)
    try expectSameRecords(
      RecordedRun(daemon.folder("received")), RecordedRun(daemon.journal))
  }

  @Test func hostileRequestsAreAnsweredAndCounted() throws {
    let trained = try TrainedFixture.shared.get()
    let daemon = try Daemon(trained, choice())
    try Programs.tamis("replay", trained.anomalies, "--connect", daemon.input).expectExit()
    try daemon.waitForEvents(2_000)
    let kept = Int(daemon.metric("tamis_records_journaled_total"))
    let said = try Launched(
      Programs.python,
      [
        "\(Programs.root)/Tests/SystemTests/Peers/hostile_catch_up.py", daemon.catchUp, "\(kept)",
      ]
    ).expectExit()
    let counts = said.split(separator: "\n").map { $0.split(separator: " ") }
    #expect(counts.count == 8)
    for line in counts where line[0] != "ok" {
      let expected = try #require(Int(line[1]))
      func found() -> Int {
        Int(daemon.metric("tamis_catch_up_requests_total{result=\"\(line[0])\"}"))
      }
      // An answer may come before it is counted.
      try waitUntil("\(line) are counted, have \(found())") { found() >= expected }
      #expect(found() == expected, "\(line[0])")
    }
    try waitUntil("those that went away are noticed") {
      daemon.metric("tamis_catch_up_unanswered_total") > 0
    }
    // The stream has gone on.
    try Programs.tamis("replay", trained.background, "--connect", daemon.input).expectExit()
    try daemon.waitForEvents(22_000)
    #expect(try daemon.stop() == 0)
  }
}

// MARK: - Peers of these tests

extension CatchUpTests {
  private func consumer(of daemon: Daemon) throws -> Receiver {
    try Receiver(of: daemon, options: ["--catch-up", daemon.catchUp, "--from", "1"])
  }

  private func sender(to daemon: Daemon) throws -> Launched {
    try Programs.peer(
      "send.py",
      ["--generate", "50000000", "--rate", "8000", "--batch", "16", "--connect", daemon.input])
  }

  /// Waits until the consumer has what the journal has, ends both, and compares.
  private func finish(_ daemon: Daemon, _ consumer: Receiver) throws {
    try daemon.waitUntilDry()
    let last = Int(daemon.metric("tamis_journal_last_number"))
    // After a kill numbers jump: fewer records than numbers.
    let count = flaggedByteCount(in: daemon.journal) / 640
    #expect(count > 500)
    let said = try consumer.end(having: count)
    #expect(said.contains("highest number: \(last)\n") && said.contains("faults: 0"))
    #expect(said.contains("gone: \(last - count)\n"))
    #expect(try daemon.stop() == 0)
    try expectSameRecords(
      RecordedRun(daemon.folder("received")), RecordedRun(daemon.journal))
    for path in [daemon.folder("received"), daemon.journal] {
      #expect(try Programs.tamis("inspect", path).expectExit().contains("whole"))
    }
  }
}
