internal import ArgumentParser
internal import CommandFrame
internal import DurableFiles
internal import Glibc
internal import StrictJSON

/// `tamis reload`.
struct ReloadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reload",
    abstract: "Make a running daemon read model, calibration, shadow and clients again.",
    discussion: """
      Sends SIGHUP to the daemon that answers at --url, on this machine, and waits for its word. The \
      daemon switches between two records or, where the files are not good, keeps what it has; \
      which of the two, and why, is said here.

      Examples:
        tamis reload
        tamis reload --url http://127.0.0.1:9465

      Exit status: 0 switched; 1 refused, or no such daemon; 2 wrong usage.
      """)

  @Option(help: "Where the daemon serves HTTP.")
  var url = "http://127.0.0.1:9464"

  @Option(help: "Seconds to wait for the daemon's word, 1 to 600.")
  var wait = 30.0

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (1...600).contains(wait) else {
      throw ValidationError("--wait \(wait): give 1 to 600 seconds")
    }
    if HTTPAddress(url) == nil {
      throw ValidationError("--url \(url): give http://HOST:PORT, such as http://127.0.0.1:9464")
    }
  }

  func run() throws {
    guard let address = HTTPAddress(url) else { return }
    let before = try StatusLook.at(address, url: url).get()
    try signal(before)
    let deadline = ContinuousClock.now + .seconds(wait)
    while ContinuousClock.now < deadline {
      usleep(50_000)
      let now = try StatusLook.at(address, url: url).get()["reloads"]
      let count = { (status: JSONValue) in
        (status["made"].number ?? 0) + (status["refused"].number ?? 0)
      }
      if count(now) > count(before["reloads"]) { return try tell(now, address) }
    }
    throw NegativeAnswer(description: "\(url): no word of the reload within \(wait) s; see its log")
  }

  private func signal(_ status: JSONValue) throws {
    guard let number = status["build"]["pid"].number.flatMap({ pid_t(exactly: $0) }),
      let name = try? readSmallFile("/proc/\(number)/comm"), name.hasPrefix("tamisd")
    else {
      throw NegativeAnswer(
        description: "\(url): that daemon does not run on this machine; log in where it does")
    }
    guard kill(number, SIGHUP) == 0 else {
      throw NegativeAnswer(
        description:
          "process \(number): \(String(cString: strerror(errno))); use `systemctl reload "
          + "tamisd`, or be the user whom it runs as")
    }
  }

  private func tell(_ reloads: JSONValue, _ address: HTTPAddress) throws {
    let arms = try StatusLook.at(address, url: url).get()["arms"]
    let isMade = reloads["last_succeeded"].isTrue
    var facts = Facts()
    facts.add("reload", .string(isMade ? "made" : "refused"))
    facts.add("generation", arms["generation"])
    facts.add("model", arms["model"]["sha256"])
    facts.add("calibration", arms["calibration"]["sha256"])
    if !isMade { facts.add("reason", reloads["last_refusal"]) }
    facts.print(asJSON: output.json)
    if !isMade { throw NegativeAnswer(description: "") }
  }
}

private func readSmallFile(_ path: String) throws(SystemCallError) -> String {
  let file = try OpenFile(opening: path, flags: O_RDONLY)
  return try withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) {
    (buffer) throws(SystemCallError) in
    let count = try file.read(into: buffer, at: 0)
    return String(decoding: buffer.prefix(count), as: UTF8.self)
  }
}
