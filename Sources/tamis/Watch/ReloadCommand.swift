internal import ArgumentParser
internal import CLinux
internal import CommandFrame
internal import Glibc
internal import StrictJSON
internal import WorkerThreads

/// `tamis reload`.
struct ReloadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reload",
    abstract: "Make a running daemon read model, calibration and more again.",
    discussion: """
      The daemon reads model, calibration, shadow, rate_control, prescales and the list of clients \
      again. Everything else in its configuration waits for a restart.

      Sends SIGHUP to the daemon that answers at --url and waits for the outcome. The daemon must \
      run on this machine and in this process namespace. For a daemon in a container, seen from \
      outside, --pid gives its process number here. The daemon switches between two records or, \
      where something is not good, keeps what was in force. The command \
      prints which of the two happened, and why.

      Examples:
        tamis reload
        tamis reload --url http://127.0.0.1:9465
        tamis reload --url http://127.0.0.1:9466 --pid 4711

      Exit status: 0 switched; 1 refused, or no such daemon; 2 wrong usage.
      """)

  @OptionGroup var daemon: DaemonOptions

  @Option(help: "Seconds to wait for the daemon's word, 1 to 600.")
  var wait = 30.0

  @Option(help: "The daemon's process number here; default: the one that it says itself.")
  var pid: Int32?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let pid, pid < 1 { throw ValidationError("--pid \(pid): give a process number") }
    guard (1...600).contains(wait) else {
      throw ValidationError("--wait \(wait): give 1 to 600 seconds")
    }
  }

  private var url: String { daemon.url }

  func run() throws {
    let before = try daemon.look().get()
    try signal(before)
    let deadline = ContinuousClock.now + .seconds(wait)
    while ContinuousClock.now < deadline {
      usleep(50_000)
      let now = try daemon.look().get()["reloads"]
      let count = { (status: JSONValue) in
        (status["made"].number ?? 0) + (status["refused"].number ?? 0)
      }
      if count(now) > count(before["reloads"]) { return try tell(now) }
    }
    throw NegativeAnswer(description: "\(url): no word of the reload within \(wait) s; see its log")
  }

  /// Sends the signal to the process that has answered, and to no other of its number.
  private func signal(_ status: JSONValue) throws {
    let number = try processNumber(status["build"])
    guard kill(number, SIGHUP) == 0 else {
      throw NegativeAnswer(
        description:
          "process \(number): \(String(cString: strerror(errno))); use `systemctl reload "
          + "tamisd`, or be the user whom it runs as")
    }
  }

  private func processNumber(_ build: JSONValue) throws -> pid_t {
    let said = build["process"]
    guard let inner = build["pid"].number.flatMap({ pid_t(exactly: $0) }),
      let boot = said["boot"].string,
      let namespace = said["namespace"].number.flatMap({ UInt64(exactly: $0) }),
      let startTicks = said["start_ticks"].number.flatMap({ UInt64(exactly: $0) })
    else {
      throw NegativeAnswer(
        description: "\(url): the daemon does not say which process it is; send it SIGHUP where it "
          + "runs, or use `systemctl reload tamisd`")
    }
    let number = pid ?? inner
    guard let own = ProcessIdentity(of: getpid()), own.boot == boot else {
      throw NegativeAnswer(
        description: "\(url): that daemon runs on another machine; log in there")
    }
    guard pid != nil || own.namespace == namespace else {
      throw NegativeAnswer(
        description: "\(url): that daemon runs in another container, where it is process \(inner); "
          + "run `tamis reload` in that container, or name its process here with --pid")
    }
    guard tamis_process_start_ticks(number) == startTicks,
      pid == nil || tamis_process_inner_number(number) == inner
    else {
      throw NegativeAnswer(
        description: "\(url): process \(number) is not the daemon that answers there; nothing was "
          + "signalled")
    }
    return number
  }

  private func tell(_ reloads: JSONValue) throws {
    let generation = try daemon.look().get()["arms"]
    let isMade = reloads["last_succeeded"].isTrue
    var facts = Facts()
    facts.add("reload", .string(isMade ? "made" : "refused"))
    facts.add("generation", generation["generation"])
    facts.add("model", generation["model"]["sha256"])
    facts.add("calibration", generation["calibration"]["sha256"])
    if !isMade { facts.add("reason", reloads["last_refusal"]) }
    facts.print(asJSON: output.json)
    if !isMade { throw NegativeAnswer(description: "") }
  }
}
