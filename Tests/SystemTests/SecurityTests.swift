import Foundation
import RunFiles
import TestSupport
import Testing

/// Who has the right keys is served, also in Python; who has not gets nothing and is counted.
@Suite(.serialized) struct SecurityTests {
  private func secured(_ keys: DaemonKeys, timeoutMs: Int = 5_000) throws -> Daemon {
    var choice = Daemon.Choice()
    choice.security = keys.security + ["handshake_timeout_ms: \(timeoutMs)"]
    return try Daemon(try TrainedFixture.shared.get(), choice)
  }

  private func failed(_ daemon: Daemon, _ socket: String, _ reason: String) -> Double {
    daemon.metric("tamis_handshakes_failed_total{socket=\"\(socket)\",reason=\"\(reason)\"}")
  }

  /// A plain peer may see that the daemon wants CURVE before the daemon sees that it is plain: then
  /// it leaves, and all that the daemon sees is that.
  private func refused(_ daemon: Daemon, _ socket: String, _ reason: String) -> Double {
    let others = reason == "mechanism" ? failed(daemon, socket, "incomplete") : 0
    return failed(daemon, socket, reason) + others
  }

  @Test func theRightKeysWorkFromEndToEnd() throws {
    let trained = try TrainedFixture.shared.get()
    let keys = try DaemonKeys()
    let daemon = try secured(keys)
    let receiver = try Receiver(of: daemon, options: keys.options("friend"))
    try Programs.tamis(
      all: ["replay", trained.anomalies, "--connect", daemon.input] + keys.options("friend")
    ).expectExit()
    // The key itself instead of a file.
    try Programs.peer(
      "send.py",
      [
        "--generate", "1000", "--run-number", "77", "--connect", daemon.input, "--curve-key",
        keys.folder("friend.key"), "--curve-server-key", try keys.publicKey("tamisd"),
      ]
    ).expectExit()
    try daemon.waitForEvents(3_000)
    let kept = Int(daemon.metric("tamis_records_journaled_total"))
    #expect(kept > 500)
    try waitUntil("the receiver is in") {
      daemon.metric("tamis_connections{socket=\"output\"}") == 1
    }
    let fetched = try Programs.peer(
      "catch_up.py",
      ["--connect", daemon.catchUp, "--from", "1", "--timeout", "120"] + keys.options("friend")
    ).expectExit()
    #expect(fetched.contains("records: \(kept)\n"))
    #expect(try receiver.end(having: kept).contains("faults: 0"))
    #expect(try RecordedRun(receiver.run).recordCount == kept)
    #expect(daemon.metric("tamis_handshakes_failed_total") == 0)
    #expect(try daemon.stop() == 0)
    #expect(daemon.program.errors.contains("security: CURVE"))
  }

  @Test func strangersGetNothingAndAreCounted() throws {
    let trained = try TrainedFixture.shared.get()
    let keys = try DaemonKeys()
    let daemon = try secured(keys)
    let strangers: [(reason: String, options: [String])] = [
      ("unknown_key", keys.options("stranger")), ("mechanism", []),
      ("server_key", keys.options("friend", server: "stranger")),
    ]
    let began = ContinuousClock.now
    let receivers = try strangers.map { stranger in
      try Programs.peer(
        "receive.py", ["--connect", daemon.output, "--timeout", "10"] + stranger.options)
    }
    // All at once, and long enough for a handshake on a machine that is busy.
    let senders = try strangers.map { stranger in
      try Programs.peer(
        "send.py",
        ["--generate", "100", "--connect", daemon.input, "--wait", "10"] + stranger.options)
    }
    let asking = try strangers.map { stranger in
      try Programs.peer(
        "catch_up.py",
        ["--connect", daemon.catchUp, "--from", "1", "--timeout", "10"] + stranger.options)
    }
    for (stranger, program) in zip(strangers + strangers, senders + asking) {
      #expect(try program.wait() == 1, "\(stranger.reason)")
    }
    func expectRefused(_ socket: String) throws {
      for stranger in strangers {
        try waitUntil("\(socket) counts \(stranger.reason)") {
          refused(daemon, socket, stranger.reason) >= 1
        }
      }
    }
    try expectRefused("input")
    try expectRefused("catch_up")
    // There is something to get for who may have it.
    try Programs.tamis(
      all: ["replay", trained.anomalies, "--connect", daemon.input] + keys.options("friend")
    ).expectExit()
    try daemon.waitForEvents(2_000)
    for receiver in receivers {
      #expect(try receiver.expectExit().contains("received: 0 records"))
    }
    try expectRefused("output")
    #expect(daemon.metric("tamis_events_received_total") == 2_000)
    #expect(daemon.metric("tamis_records_published_total") == 0)
    #expect(daemon.metric("tamis_output_subscribers") == 0)
    #expect(try daemon.stop() == 0)
    let log = daemon.program.errors
    #expect(log.contains("its key \(try keys.publicKey("stranger")) is not on the list"))
    #expect(log.contains("the client takes the server for another one"))
    // One line a reason, socket and minute, however often the peers tried.
    let minutes = 1 + Int((ContinuousClock.now - began) / .seconds(60))
    let lineCount = log.split(separator: "\n").count { $0.contains("reason=server_key") }
    #expect(lineCount >= 3 && lineCount <= 3 * minutes)
  }

  @Test func aNewClientComesInAfterAReload() throws {
    let trained = try TrainedFixture.shared.get()
    let keys = try DaemonKeys()
    let daemon = try secured(keys)
    func replay(waitS: Int) throws -> Int32 {
      try Programs.tamis(
        all: ["replay", trained.anomalies, "--connect", daemon.input, "--wait", "\(waitS)"]
          + keys.options("stranger")
      ).wait()
    }
    #expect(try replay(waitS: 2) == 1)
    _ = try keys.folder.write("nonsense\n", to: "clients")
    daemon.program.signal(SIGHUP)
    try waitUntil("a bad list is refused") {
      daemon.program.errors.contains("reload refused")
    }
    _ = try keys.folder.write(
      keys.folder.read("friend.key.public") + keys.folder.read("stranger.key.public"),
      to: "clients")
    daemon.program.signal(SIGHUP)
    try waitUntil("the list is read") { daemon.program.errors.contains("added=1") }
    #expect(try replay(waitS: 60) == 0)
    try daemon.waitForEvents(2_000)
    #expect(try daemon.stop() == 0)
  }

  @Test func recordAndReplayTakeKeysOnBothSides() throws {
    let trained = try TrainedFixture.shared.get()
    let keys = try DaemonKeys()
    let port = try freePort()
    let address = "tcp://127.0.0.1:\(port)"
    let recorder = try Programs.tamis(
      all: ["record", "--connect", address, "--pattern", "sub", "--out", keys.folder("copy")]
        + keys.options("friend"))
    try Programs.tamis(
      "replay", trained.anomalies, "--bind", address, "--pattern", "pub", "--curve-key",
      keys.folder("tamisd.key"), "--curve-clients", keys.folder("clients")
    ).expectExit()
    #expect(try recorder.expectExit().contains("events: 2000"))
    #expect(try RecordedRun(keys.folder("copy")).recordCount == 2_002)
    let lonely = try Programs.tamis(
      "replay", trained.anomalies, "--bind", address, "--curve-key", keys.folder("tamisd.key"))
    #expect(try lonely.wait() == 2)
    #expect(lonely.errors.contains("--curve-clients"))
  }
}

/// What is wrong with keys is said before anything starts.
extension SecurityTests {
  private func check(_ security: [String]) throws -> Launched {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let lines = security.map { "  \($0)" }.joined(separator: "\n")
    let path = try folder.write(
      """
      model: \(trained.model)
      calibration: \(trained.calibration)
      input: {bind: ["tcp://127.0.0.1:*"]}
      output: {bind: ["tcp://127.0.0.1:*"]}
      http: {listen: ""}
      security:
      \(lines)
      """, to: "tamisd.yaml")
    let program = try Programs.tamisd("--config", path, "--check")
    _ = try program.wait()
    if try program.wait() != 0 {
      // What the check refuses, the daemon refuses.
      #expect(try Programs.tamisd("--config", path).wait() == 1)
    }
    return program
  }

  @Test func aSecretThatOthersMayReadIsRefused() throws {
    let keys = try DaemonKeys()
    #expect(try check(keys.security).wait() == 0)
    chmod(keys.folder("tamisd.key"), 0o644)
    _ = try keys.folder.write("nonsense\n", to: "clients")
    let refused = try check(keys.security)
    #expect(try refused.wait() == 1)
    #expect(refused.errors.contains("mode 0644"))
    #expect(refused.errors.contains("chmod 600"))
    // All that is wrong, at once.
    #expect(refused.errors.contains("clients: line 1"))
    #expect(!refused.errors.contains(try secret(keys)))
  }

  @Test func aPublicFileIsNoPair() throws {
    let keys = try DaemonKeys()
    let refused = try check([
      "key_pair: \(keys.folder("tamisd.key.public"))", keys.security[1],
    ])
    #expect(try refused.wait() == 1)
    #expect(refused.errors.contains("tamisd.key.public"))
  }

  @Test func keygenKeepsWhatIsThere() throws {
    let keys = try DaemonKeys()
    let before = try keys.folder.read("tamisd.key")
    let again = try Programs.tamis("keygen", "--out", keys.folder("tamisd.key"))
    #expect(try again.wait() == 1)
    #expect(again.errors.contains("--force"))
    #expect(try keys.folder.read("tamisd.key") == before)
    let forced = try Programs.tamis("keygen", "--out", keys.folder("tamisd.key"), "--force")
    let said = try forced.expectExit()
    #expect(try said.contains(keys.publicKey("tamisd")))
    #expect(try keys.folder.read("tamisd.key") != before)
    #expect(!said.contains(try secret(keys)))
  }

  private func secret(_ keys: DaemonKeys) throws -> String {
    let line = try keys.folder.read("tamisd.key").split(separator: "\n").first {
      $0.contains("secret-key")
    }
    return String(try #require(line?.split(separator: "\"").dropFirst().first))
  }
}

/// Connections that mean nothing good cost little and pass.
extension SecurityTests {
  @Test(arguments: [false, true])
  func silentConnectionsPassAndOthersWorkMeanwhile(isSecured: Bool) throws {
    let trained = try TrainedFixture.shared.get()
    let keys = try DaemonKeys()
    var choice = Daemon.Choice()
    choice.security =
      (isSecured ? keys.security : []) + ["handshake_timeout_ms: 4000", "connections_max: 3"]
    let daemon = try Daemon(trained, choice)
    let options = isSecured ? keys.options("friend") : []
    let before = try residentKilobytes(daemon)
    let descriptors = try descriptorCount(daemon)
    let silent = try (0..<200).map { _ in try openConnection(port: daemon.inputPort) }
    let garbled = try (0..<50).map { _ in
      try openConnection(port: daemon.inputPort, sending: "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    }
    defer { (silent + garbled).forEach { close($0) } }
    #expect(daemon.metric("tamis_connections{socket=\"input\"}") == 0)
    // They have not proved anything, so they take no place of those who do.
    try Programs.tamis(
      all: ["replay", trained.anomalies, "--connect", daemon.input, "--wait", "60"] + options
    ).expectExit()
    try daemon.waitForEvents(2_000)
    try waitUntil("they time out") { failed(daemon, "input", "incomplete") >= 200 }
    try waitUntil("garbage is counted") { failed(daemon, "input", "malformed") >= 50 }
    try waitUntil("they are closed") { try descriptorCount(daemon) <= descriptors + 10 }
    #expect(failed(daemon, "input", "incomplete") == 200)
    #expect(failed(daemon, "input", "malformed") == 50)
    #expect(try residentKilobytes(daemon) - before < 32_768)
    #expect(try daemon.stop() == 0)
    #expect(daemon.program.errors.split(separator: "\n").count { $0.contains("incomplete") } <= 2)
  }

  @Test func plainPeersBeyondTheLimitWaitTheirTurn() throws {
    let trained = try TrainedFixture.shared.get()
    var choice = Daemon.Choice()
    choice.security = ["connections_max: 1"]
    let daemon = try Daemon(trained, choice)
    let first = try Receiver(of: daemon)
    try waitUntil("the first is in") { daemon.metric("tamis_output_subscribers") == 1 }
    let second = try Programs.peer(
      "receive.py", ["--connect", daemon.output, "--timeout", "8", "--quiet"])
    #expect(try second.expectExit().contains("received: 0 records"))
    try waitUntil("the second is counted") {
      failed(daemon, "output", "connection_limit") >= 1
    }
    try Programs.tamis("replay", trained.anomalies, "--connect", daemon.input).expectExit()
    try daemon.waitForEvents(2_000)
    let kept = Int(daemon.metric("tamis_records_journaled_total"))
    #expect(kept > 0)
    #expect(try first.end(having: kept).contains("received: \(kept) records"))
    #expect(try daemon.stop() == 0)
  }

  private func descriptorCount(_ daemon: Daemon) throws -> Int {
    try FileManager.default.contentsOfDirectory(
      atPath: "/proc/\(daemon.program.processIdentifier)/fd"
    ).count
  }

  private func residentKilobytes(_ daemon: Daemon) throws -> Int {
    let status = try String(
      contentsOfFile: "/proc/\(daemon.program.processIdentifier)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return try #require(line?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
  }
}
