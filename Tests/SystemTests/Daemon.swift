import Foundation
import TestSupport

/// A running `tamisd` with its own folder and ports.
final class Daemon {
  let folder: TemporaryFolder
  let inputPort: Int
  let outputPort: Int
  let httpPort: Int
  let catchUpPort: Int
  private(set) var program: Launched
  private let configuration: String
  private let environment: [String: String]
  private let launcher: [String]
  /// From when on another page is a new one; it is behind by the pages that may be made at once.
  private var nextPage = ContinuousClock.now - .seconds(1.5)

  var input: String { "tcp://127.0.0.1:\(inputPort)" }
  var output: String { "tcp://127.0.0.1:\(outputPort)" }
  var catchUp: String { "tcp://127.0.0.1:\(catchUpPort)" }
  var journal: String { folder("journal") }

  /// What a test may choose.
  struct Choice {
    var inputPattern = "pull"
    var outputPattern = "pub"
    var unbiasedPrescale = 50
    var workers = 1
    var batchMax = 256
    var precision = "exact"
    var environment: [String: String] = [:]
    var messageBytesMax = 1 << 20
    var journal = "journal"
    var drainTimeoutMs = 10_000
    var instance = 1
    /// Another model and calibration than the shared ones.
    var model: String?
    var calibration: String?
    /// An address to connect the input to, instead of a port of its own.
    var inputConnect: String?
    /// Further lines of the sections, and further sections.
    var inputLines = ""
    var outputLines = ""
    var sections = ""
    /// A command that starts the daemon: the daemon's own command line is appended to it.
    var launcher: [String] = []
    /// Lines of the section `security`, without their indentation.
    var security: [String] = []
    /// Further keys of the section `journal`.
    var journalKeys: [String] = []
  }

  init(_ trained: TrainedFixture, _ choice: Choice = Choice()) throws {
    folder = TemporaryFolder()
    inputPort = try freePort()
    outputPort = try freePort()
    httpPort = try freePort()
    catchUpPort = try freePort()
    configuration = try folder.write(
      """
      instance: \(choice.instance)
      model: \(choice.model ?? trained.model)
      calibration: \(choice.calibration ?? trained.calibration)
      input:
        pattern: \(choice.inputPattern)
        \(choice.inputConnect.map { "connect: [\"\($0)\"]" } ?? "bind: [\"tcp://127.0.0.1:\(inputPort)\"]")
        message_bytes_max: \(choice.messageBytesMax)
      \(choice.inputLines)
      output:
        pattern: \(choice.outputPattern)
        bind: ["tcp://127.0.0.1:\(outputPort)"]
      \(choice.outputLines)
      journal:
        path: \(choice.journal)\(choice.journalKeys.map { "\n  \($0)" }.joined())
      catch_up:
        bind: ["tcp://127.0.0.1:\(catchUpPort)"]
      \(choice.sections)
      unbiased:
        prescale: \(choice.unbiasedPrescale)
      engine:
        workers: \(choice.workers)
        batch_max: \(choice.batchMax)
        precision: \(choice.precision)
      shutdown:
        drain_timeout_ms: \(choice.drainTimeoutMs)
      http:
        listen: 127.0.0.1:\(httpPort)
      security:
      \(choice.security.map { "  \($0)" }.joined(separator: "\n"))
      """, to: "tamisd.yaml")
    environment = choice.environment
    launcher = choice.launcher
    program = try Programs.tamisd(
      "--config", configuration, environment: environment, launcher: launcher)
    try waitUntilServing()
  }

  /// Starts it again with the same configuration, after it was ended.
  func restart() throws {
    program = try Programs.tamisd(
      "--config", configuration, environment: environment, launcher: launcher)
    try waitUntilServing()
  }

  /// Changes the configuration file.
  func rewrite(_ change: (String) -> String) throws {
    let text = try String(contentsOfFile: configuration, encoding: .utf8)
    try change(text).write(toFile: configuration, atomically: true, encoding: .utf8)
  }

  /// Waits until the log has `text`: another thread writes it than the one that acts.
  func waitForLog(_ text: String) throws {
    try waitUntil("the log says \(text)\n\(program.errors)") { program.errors.contains(text) }
  }

  /// Sends SIGHUP and waits until the reload was made or refused.
  func reload() throws {
    let before = metric("tamis_reloads_total")
    program.signal(SIGHUP)
    try waitUntil("the reload is answered\n\(program.errors)") {
      metric("tamis_reloads_total") > before
    }
  }

  private func waitUntilServing() throws {
    try waitUntil("tamisd serves\n\(program.errors)", seconds: 120) {
      if !program.isRunning { throw Failure("tamisd ended at start:\n\(program.errors)") }
      return httpGet(port: httpPort, "/healthz")?.status == 200
    }
  }

  /// All samples of the metrics page whose name and labels begin so, added up.
  func metric(_ prefix: String) -> Double { metrics().sum(prefix) }

  /// The metrics page as it is now.
  ///
  /// The daemon makes a page twenty times at once and ten times a second, and gives who asks more often
  /// an older one. What is true since the last page was read would not be in it: this one is waited for.
  func metrics() -> MetricsPage {
    let now = ContinuousClock.now
    let dueBy = max(nextPage, now - .seconds(1.5))
    if dueBy > now { usleep(UInt32((dueBy - now) / .microseconds(1))) }
    nextPage = dueBy + .milliseconds(110)
    return MetricsPage(text: httpGet(port: httpPort, "/metrics")?.body)
  }

  /// Waits until `count` records of any kind were taken or refused. If no more records come, the journal
  /// then holds all that are kept, and the ledger has counted all.
  func waitForEvents(_ count: Int) throws {
    try waitUntil("\(count) events decided, have \(decided)", seconds: 300) {
      if !program.isRunning { throw Failure("tamisd ended:\n\(program.errors)") }
      let page = metrics()
      return page.decided > count || page.decided == count && page.sum("tamis_ring_records") == 0
    }
  }

  /// Waits until nothing has come for a second, once the senders have ended, and all is decided.
  func waitUntilDry() throws {
    var before = -1
    try waitUntil("the stream has run dry") {
      usleep(1_000_000)
      let page = metrics()
      defer { before = page.decided }
      return page.decided == before && page.sum("tamis_ring_records") == 0
    }
  }

  var decided: Int { metrics().decided }

  /// Ends it as an operator does and returns the exit status.
  func stop() throws -> Int32 {
    program.signal(SIGTERM)
    return try program.wait()
  }
}

/// A page of metrics; nothing on it is a number where nobody answered.
struct MetricsPage {
  let text: String?

  /// All samples whose name and labels begin so, added up.
  func sum(_ prefix: String) -> Double {
    guard let text else { return .nan }
    return text.split(separator: "\n").filter { line in
      line.hasPrefix(prefix)
        && [" ", "{", ","].contains { line.dropFirst(prefix.count).hasPrefix($0) }
        || line.hasPrefix(prefix) && prefix.hasSuffix("}")
    }.reduce(0) { $0 + (Double($1.split(separator: " ").last ?? "") ?? .nan) }
  }

  /// Records of any kind that were taken or refused; -1 where nobody answered.
  var decided: Int {
    Int(exactly: sum("tamis_events_scored_total") + sum("tamis_events_rejected_total")) ?? -1
  }
}
