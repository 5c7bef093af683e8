internal import ArgumentParser
internal import CLinux
internal import DaemonConfiguration
internal import Glibc
internal import ScoreEngine

/// `tamisd`: the daemon.
@main
struct Tamisd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tamisd",
    abstract: "Keep the events of a stream whose anomaly score passes a calibrated threshold.",
    discussion: """
      Reads event records from ZeroMQ, scores each, writes the flagged ones to the journal and \
      publishes them. SIGTERM or SIGINT ends it in order: what was received is scored, journaled \
      and published first.

      Examples:
        tamisd --config /etc/tamis/tamisd.yaml --check
        tamisd --config /etc/tamis/tamisd.yaml

      Exit status: 0 ended in order (or --check found nothing); 1 the configuration or a file is \
      wrong, or records had to be given up; 2 wrong usage.
      """,
    version: "tamisd \(programVersion) (\(instructionSetSummary()))")

  @Option(help: "The configuration file (YAML).")
  var config: String

  @Flag(help: "Say all that is wrong with configuration, model and calibration, and exit.")
  var check = false

  static func main() {
    // Threads inherit the mask: signals are taken by the main thread's wait alone.
    tamis_signals_block()
    signal(SIGPIPE, SIG_IGN)
    // A file that has reached the limit on its size is a journal that cannot be written, not a
    // reason to die.
    signal(SIGXFSZ, SIG_IGN)
    do {
      let command = try parse()
      try command.run()
    } catch {
      exitReporting(error)
    }
  }

  func run() throws {
    let configuration = try DaemonConfiguration.load(config)
    let arms = try Arms(configuration)
    if check {
      print("\(config): ok")
      for line in arms.summary { print(line) }
      return
    }
    try Daemon(configuration, arms: arms).run()
  }

  private static func exitReporting(_ error: any Error) -> Never {
    let code = exitCode(for: error)
    if code == .success {
      print(fullMessage(for: error))
      Glibc.exit(0)
    }
    if code == .validationFailure {
      complain(fullMessage(for: error))
      Glibc.exit(2)
    }
    complain("tamisd: \(error)")
    Glibc.exit(1)
  }
}

/// The version of the program.
let programVersion = "0.1.0"

/// The instruction set in use, for `--version`.
private func instructionSetSummary() -> String {
  (try? InstructionSet.selected()).map { "instruction set \($0.rawValue)" }
    ?? "TAMIS_ISA names no instruction set of this machine"
}

private func complain(_ text: String) {
  var line = text.hasSuffix("\n") ? text : text + "\n"
  _ = line.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
