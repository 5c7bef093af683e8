internal import Glibc

/// The terminal while it belongs to `tamis watch`: a screen of its own, drawn in place.
struct TerminalScreen {
  private let hasColour: Bool

  /// Takes the screen and the keys; `giveBack`, or Ctrl-C, which ends the program, returns them.
  init(hasColour: Bool) {
    self.hasColour = hasColour
    takeKeys()
    emit("\u{1B}[?1049h\u{1B}[?25l")
    signal(SIGINT, endBySignal)
    signal(SIGTERM, endBySignal)
  }

  /// Shows the former screen and leaves the keys to the shell.
  func giveBack() { returnTerminal() }

  /// Columns and rows of the terminal; 80 and 24 where it does not tell.
  static var size: (columns: Int, rows: Int) {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 else { return (80, 24) }
    return (size.ws_col > 0 ? Int(size.ws_col) : 80, size.ws_row > 0 ? Int(size.ws_row) : 24)
  }

  /// Shows as many lines as there is room for. Each overwrites the line before, so that nothing
  /// flickers.
  func show(_ lines: [StyledLine]) {
    let (columns, rows) = Self.size
    let shown = lines.prefix(rows).map {
      $0.text(width: columns, hasColour: hasColour) + "\u{1B}[K"
    }
    emit("\u{1B}[H" + shown.joined(separator: "\r\n") + "\u{1B}[J")
  }
}

private func emit(_ text: String) {
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    if count < 0 && errno != EINTR { return }
    rest = rest.dropFirst(max(0, count))
  }
}

/// The terminal's settings before; written once, before any signal can come.
nonisolated(unsafe) private var formerSettings: termios?

/// Keys arrive one by one and are not shown.
private func takeKeys() {
  var settings = termios()
  guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return }
  formerSettings = settings
  settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
  tcsetattr(STDIN_FILENO, TCSANOW, &settings)
}

/// Shows the cursor and the former screen; calls only what a signal handler may call.
private func returnTerminal() {
  let restore: StaticString = "\u{1B}[?25h\u{1B}[?1049l"
  _ = write(STDOUT_FILENO, restore.utf8Start, restore.utf8CodeUnitCount)
  if var settings = formerSettings { tcsetattr(STDIN_FILENO, TCSANOW, &settings) }
}

@Sendable private func endBySignal(_ signal: Int32) {
  returnTerminal()
  _exit(signal == SIGINT ? 0 : 1)
}
