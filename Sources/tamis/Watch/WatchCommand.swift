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
      strange. On a terminal the view is drawn again and again, and waits for a daemon that does \
      not answer. Keys 1 to 5 choose what is shown; arrows, j, k and the space bar scroll; q or \
      Ctrl-C ends. Elsewhere, or with --once, everything is printed once. NO_COLOR turns colours \
      off.

      Examples:
        tamis watch
        tamis watch --url http://daq7:9464 --once

      Exit status: 0 the daemon has answered; 1 it has not; 2 wrong usage.
      """)

  @OptionGroup var daemon: DaemonOptions

  @Flag(help: "Print once and end.")
  var once = false

  @Option(help: "Seconds between two looks, 0.1 to 3600.")
  var interval = 1.0

  func validate() throws {
    guard (0.1...3_600).contains(interval) else {
      throw ValidationError("--interval \(interval): give 0.1 to 3600 seconds")
    }
  }

  func run() throws {
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let hasColour = isTerminal && (getenv("NO_COLOR").map { $0.pointee == 0 } ?? true)
    if once || !isTerminal {
      try printOnce(hasColour: hasColour)
    } else {
      watch(hasColour: hasColour)
    }
  }

  private func printOnce(hasColour: Bool) throws {
    switch daemon.look() {
    case .success(let status):
      let width = isatty(STDOUT_FILENO) == 1 ? TerminalScreen.size.columns : 100
      for line in WatchView(status, url: daemon.url, width: width).lines {
        print(line.text(width: width, hasColour: hasColour))
      }
    case .failure(let fault):
      throw fault
    }
  }

  /// Returns when `q` is pressed; Ctrl-C ends the program.
  private func watch(hasColour: Bool) {
    let terminal = TerminalScreen(hasColour: hasColour)
    var screens = WatchScreens()
    var last: JSONValue?
    while true {
      let look = daemon.look()
      if case .success(let status) = look { last = status }
      // A key shows another part of the same look.
      var keys: [WatchKey] = []
      repeat {
        let (columns, rows) = TerminalScreen.size
        switch look {
        case .success(let status):
          let view = WatchView(status, url: daemon.url, width: columns)
          terminal.show(screens.lines(of: view, rowCount: rows))
        case .failure(let fault):
          terminal.show(awayLines(fault, url: daemon.url, last: last, width: columns))
        }
        keys = WatchKey.wait(seconds: interval)
        for key in keys where !screens.press(key) { return terminal.giveBack() }
      } while !keys.isEmpty
    }
  }
}
