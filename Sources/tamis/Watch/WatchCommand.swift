internal import ArgumentParser
internal import CommandFrame
internal import Glibc
internal import StrictJSON

/// `tamis watch`.
struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Show how a running daemon is.",
    discussion: """
      Asks the daemon's /status and shows it: state and alarms, rates, working points with target \
      and interval, ledger, latency, journal, drift, and what made the last flagged events \
      strange. On a terminal the view is drawn again and again until Ctrl-C, and waits for a \
      daemon that is away; elsewhere, or with --once, it is printed once. NO_COLOR turns colours \
      off.

      Examples:
        tamis watch
        tamis watch --url http://daq7:9464 --once

      Exit status: 0 the daemon has answered; 1 it has not; 2 wrong usage.
      """)

  @Option(help: "Where the daemon serves HTTP.")
  var url = "http://127.0.0.1:9464"

  @Flag(help: "Print once and end.")
  var once = false

  @Option(help: "Seconds between two looks, 0.1 to 3600.")
  var interval = 1.0

  func validate() throws {
    guard (0.1...3_600).contains(interval) else {
      throw ValidationError("--interval \(interval): give 0.1 to 3600 seconds")
    }
    if HTTPAddress(url) == nil {
      throw ValidationError("--url \(url): give http://HOST:PORT, such as http://127.0.0.1:9464")
    }
  }

  func run() throws {
    guard let address = HTTPAddress(url) else { return }
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let hasColour = isTerminal && (getenv("NO_COLOR").map { $0.pointee == 0 } ?? true)
    if once || !isTerminal {
      try printOnce(address, hasColour: hasColour)
    } else {
      watch(address, hasColour: hasColour)
    }
  }

  private func printOnce(_ address: HTTPAddress, hasColour: Bool) throws {
    switch StatusLook.at(address, url: url) {
    case .success(let status):
      let width = isatty(STDOUT_FILENO) == 1 ? TerminalScreen.size.columns : 100
      for line in WatchView(status, url: url, width: width).lines {
        print(line.text(width: width, hasColour: hasColour))
      }
    case .failure(let fault):
      throw fault
    }
  }

  /// Never returns: Ctrl-C ends it.
  private func watch(_ address: HTTPAddress, hasColour: Bool) {
    let screen = TerminalScreen(hasColour: hasColour)
    var last: JSONValue?
    while true {
      let width = TerminalScreen.size.columns
      switch StatusLook.at(address, url: url) {
      case .success(let status):
        last = status
        screen.show(WatchView(status, url: url, width: width).lines)
      case .failure(let fault):
        screen.show(awayLines(fault, url: url, last: last, width: width))
      }
      usleep(UInt32(interval * 1e6))
    }
  }
}

/// Why there is nothing to show.
struct WatchFault: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
