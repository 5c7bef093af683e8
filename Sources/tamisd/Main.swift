internal import ArgumentParser
internal import CLinux
internal import CommandFrame
internal import CurveSecurity
internal import DaemonConfiguration

/// `tamisd`: the daemon.
@main
struct Tamisd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tamisd",
    abstract: "Keep the events of a stream whose anomaly score passes a calibrated threshold.",
    discussion: """
      Reads event records from ZeroMQ, scores each, writes the flagged ones to the journal and \
      publishes them.

      SIGTERM or SIGINT ends it in order: what was received is scored, journaled and published first, \
      within shutdown.drain_timeout_ms; a second signal changes nothing. During the start, while \
      nothing is received, they end it at once. SIGHUP makes it read model, calibration, \
      shadow, rate_control, prescales and the list of clients again; everything else in the \
      configuration waits for a restart. What is not good is refused, and what was in force stays.

      --check says all that can be seen at its stage: first the text of the configuration, then the \
      files that it names, then whether they belong together. Mend it and check again.

      --check and the start try the same: files, journal, addresses (which are bound and let go \
      again) and the address of HTTP. --check does to the journal, in memory, all that the start \
      would do, and warns of each file that the start would mend or set aside; it changes none. Where \
      a daemon has the journal open, --check takes the ports for that daemon's and does not try them, \
      and does not look for damage.

      The log goes to stderr. Nobody who does not read it holds the daemon up: lines are dropped \
      then, and counted in a line of their own.

      Examples:
        tamisd --config /etc/tamis/tamisd.yaml --check
        tamisd --config /etc/tamis/tamisd.yaml

      Exit status: 0 ended in order and everything is kept (or --check found nothing wrong); 1 the \
      configuration, a file or an address is wrong, or at the end records were given up or could not \
      be made durable, which the last line of the log says; 2 wrong usage. A signal during the start: \
      that signal, 143 for SIGTERM as process 1.
      """,
    version: versionText(of: "tamisd"))

  @Option(help: "The configuration file (YAML).", completion: .file())
  var config: String

  @Flag(help: "Say what would keep the daemon from starting, and exit.")
  var check = false

  static func main() {
    // A reload that is asked for during the start waits for its end. SIGTERM and SIGINT end the
    // process as long as nothing was received.
    tamis_reload_signal_block()
    runProgram(Self.self, named: "tamisd")
  }

  func run() throws {
    let configuration = try DaemonConfiguration.load(config)
    let found = StartCheck(configuration, rehearses: check)
    guard found.faults.isEmpty, let generation = found.generation else {
      throw NegativeAnswer(description: found.faults.joined(separator: "\n"))
    }
    if check {
      print("\(config): ok")
      for line in generation.summary { print(line) }
      print(try SocketSecurity(configuration).summary)
      if let opening = found.journalOpening { print("journal: \(opening)") }
      for warning in found.warnings { print("warning: \(warning)") }
      return
    }
    // From here on records may come. Threads inherit the mask: signals are taken by the main
    // thread's wait alone.
    tamis_signals_block()
    try Daemon(configuration, path: config, generation: generation, found: found).run()
  }
}
