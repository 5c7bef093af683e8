internal import ArgumentParser
internal import CLinux
internal import CommandFrame
internal import DaemonConfiguration
internal import Glibc

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
    version: versionText(of: "tamisd"))

  @Option(help: "The configuration file (YAML).")
  var config: String

  @Flag(help: "Say all that is wrong with configuration, model and calibration, and exit.")
  var check = false

  static func main() {
    // Threads inherit the mask: signals are taken by the main thread's wait alone.
    tamis_signals_block()
    // A file that has reached the limit on its size is a journal that cannot be written, not a
    // reason to die.
    signal(SIGXFSZ, SIG_IGN)
    runProgram(Self.self, named: "tamisd")
  }

  func run() throws {
    let configuration = try DaemonConfiguration.load(config)
    if check {
      let faults = Arms.faults(configuration)
      guard faults.isEmpty else {
        throw NegativeAnswer(description: faults.joined(separator: "\n"))
      }
    }
    let arms = try Arms(configuration)
    if check {
      print("\(config): ok")
      for line in arms.summary { print(line) }
      return
    }
    try Daemon(configuration, path: config, arms: arms).run()
  }
}
