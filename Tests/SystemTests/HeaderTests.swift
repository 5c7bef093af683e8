import Foundation
import Testing

/// Well-formed records that say strange things: nothing of it ends the daemon, and the sums close.
@Suite(.serialized) struct HeaderTests {
  /// Every pair of header fields at each pair of their extremes, from several sources and runs.
  @Test(arguments: [0, 1, 3], ["exact", "screened"])
  func extremesEndNothing(workers: Int, precision: String) throws {
    try send(["--extremes"], workers: workers, precision: precision)
  }

  /// A million records with random fields, in four parts.
  @Test(arguments: [0, 1], ["exact", "screened"])
  func randomHeadersEndNothing(workers: Int, precision: String) throws {
    try send(
      ["--random", "250000", "--seed", "\(workers)", "--connections", "3"], workers: workers,
      precision: precision)
  }

  private func send(_ arguments: [String], workers: Int, precision: String) throws {
    let trained = try TrainedFixture.shared.get()
    var choice = Daemon.Choice()
    choice.workers = workers
    choice.precision = precision
    let daemon = try Daemon(trained, choice)
    let features = "\(trained.background)/000001.events"
    let sender = try Launched(
      Programs.python,
      [
        "\(Programs.root)/Tests/SystemTests/Peers/headers.py", "--connect", daemon.input,
        "--features-of", features, "--schema", "\(try schema(ofSegment: features))",
      ] + arguments)
    let sent = try Sent(json: try sender.expectExit(seconds: 300))
    try waitUntil("all \(sent.records) records have come\n\(daemon.program.errors)", seconds: 300) {
      if !daemon.program.isRunning {
        throw Failure("tamisd ended:\n\(daemon.program.errors.suffix(4_000))")
      }
      return daemon.metric("tamis_events_received_total")
        + daemon.metric("tamis_control_records_total") == Double(sent.records)
    }
    try waitUntil("all events are decided") { daemon.undecided == 0 }
    for (reason, count) in sent.refused { #expect(daemon.rejected(reason) == count) }
    for reason in ["magic", "crc", "truncated", "oversized", "multipart", "empty_message"] {
      #expect(daemon.rejected(reason) == 0)
    }
    #expect(daemon.rejected("not_finite") <= sent.notFinite)
    let scored = Int(daemon.metric("tamis_events_scored_total"))
    #expect(scored > 0 && scored <= sent.events)
    #expect(daemon.metric("tamis_ledger_faults_total") == 0)
    for path in ["/", "/status", "/metrics"] {
      #expect(httpGet(port: daemon.httpPort, path)?.status == 200)
    }
    let url = "http://127.0.0.1:\(daemon.httpPort)"
    try Programs.tamis("watch", "--once", "--url", url).expectExit()
    var refused: [String: Int] = [:]
    for reason in ["version", "kind", "feature_count", "schema", "repeated", "run_ended"] {
      refused[reason] = daemon.rejected(reason)
    }
    // The journal's readers, beside the daemon and after it.
    try #expect(ledger(of: daemon)["balanced"] as? Bool == true)
    #expect(try daemon.stop() == 0)
    let ledger = try ledger(of: daemon)
    #expect(ledger["balanced"] as? Bool == true)
    let runs = try #require(ledger["runs"] as? [[String: Any]])
    #expect(runs.reduce(0) { $0 + ($1["scored"] as? Int ?? 0) } == scored)
    let told = ledger["refused"] as? [String: Int] ?? [:]
    for (reason, count) in refused { #expect(told[reason, default: 0] == count, "\(reason)") }
    try Programs.tamis("inspect", daemon.journal).expectExit()
  }

  private func ledger(of daemon: Daemon) throws -> [String: Any] {
    let text = try Programs.tamis("ledger", daemon.journal, "--json").expectExit()
    return try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
  }
}

/// What the sender says it has sent.
private struct Sent {
  var records = 0
  var events = 0
  var notFinite = 0
  /// Records that must be refused whatever came before them, by reason.
  var refused: [String: Int] = [:]

  init(json: String) throws {
    guard
      let account = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any],
      let records = account["records"] as? Int, let events = account["events"] as? Int,
      let notFinite = account["not_finite"] as? Int,
      let refused = account["refused"] as? [String: Int]
    else { throw Failure("the sender said \(json)") }
    (self.records, self.events, self.notFinite) = (records, events, notFinite)
    self.refused = refused
  }
}

extension Daemon {
  fileprivate func rejected(_ reason: String) -> Int {
    Int(metric("tamis_events_rejected_total{reason=\"\(reason)\"}"))
  }

  /// Events that came and have no decision yet.
  fileprivate var undecided: Double {
    metric("tamis_events_received_total") - metric("tamis_events_scored_total")
      - metric("tamis_events_rejected_total") - metric("tamis_events_shed_total")
  }
}

/// The schema field of a segment's first record.
private func schema(ofSegment path: String) throws -> UInt32 {
  let file = try #require(FileHandle(forReadingAtPath: path))
  let header = try #require(try file.read(upToCount: 64))
  return header[56..<60].reversed().reduce(0) { $0 << 8 | UInt32($1) }
}
