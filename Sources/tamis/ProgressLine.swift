internal import CommandFrame
internal import Glibc

/// A line of progress on stderr: rewritten in place on a terminal, and now and then elsewhere.
struct ProgressLine {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var lastNs = monotonicNs()
  private var lastCount = 0

  /// Shows `text`, at most ten times a second on a terminal and every ten seconds elsewhere.
  mutating func show(_ text: @autoclosure () -> String) {
    let now = monotonicNs()
    guard now - lastNs >= (isTerminal ? 100_000_000 : 10_000_000_000) else { return }
    lastNs = now
    let line = text()
    guard isTerminal else { return mention(line + "\n") }
    let padding = String(repeating: " ", count: max(0, lastCount - line.count))
    lastCount = line.count
    mention("\r\(line)\(padding)")
  }

  /// Ends the line.
  mutating func finish() {
    if isTerminal, lastCount > 0 { mention("\n") }
    lastCount = 0
  }
}

/// A bar of `width` characters, filled by `fraction`.
func bar(_ fraction: Double, width: Int = 24) -> String {
  let filled = fraction > 0 ? Int((min(fraction, 1) * Double(width)).rounded()) : 0
  return "[" + String(repeating: "#", count: filled)
    + String(repeating: ".", count: width - filled) + "]"
}
