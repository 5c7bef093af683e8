internal import Glibc

/// The terminal while it belongs to `tamis watch`: a screen of its own, drawn in place.
struct TerminalScreen {
  private let hasColour: Bool

  /// Takes the screen; Ctrl-C gives it back and ends the program.
  init(hasColour: Bool) {
    self.hasColour = hasColour
    emit("\u{1B}[?1049h\u{1B}[?25l")
    signal(SIGINT, giveBack)
    signal(SIGTERM, giveBack)
  }

  /// Columns and rows of the terminal; 80 and 24 where it does not say.
  static var size: (columns: Int, rows: Int) {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return (80, 24)
    }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Shows as many lines as there is room for. Each overwrites what stood there, so nothing
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

/// Shows the cursor and the former screen; only what a signal handler may call.
@Sendable private func giveBack(_ signal: Int32) {
  let restore: StaticString = "\u{1B}[?25h\u{1B}[?1049l"
  _ = write(STDOUT_FILENO, restore.utf8Start, restore.utf8CodeUnitCount)
  _exit(signal == SIGINT ? 0 : 1)
}
