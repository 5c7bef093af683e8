internal import Glibc

/// A key of `tamis watch`.
enum WatchKey: Equatable {
  case character(Character)
  case up, down, pageUp, pageDown

  /// The keys that some bytes of a terminal stand for; sequences of other keys are left out.
  static func keys(in bytes: [UInt8]) -> [WatchKey] {
    var keys: [WatchKey] = []
    var rest = bytes[...]
    while let first = rest.popFirst() {
      guard first == 0x1B, rest.first == UInt8(ascii: "[") || rest.first == UInt8(ascii: "O") else {
        if (0x20..<0x7F).contains(first) { keys.append(.character(Character(.init(first)))) }
        continue
      }
      rest.removeFirst()
      let sequence = rest.prefix { !(0x40..<0x7F).contains($0) }
      rest = rest.dropFirst(sequence.count)
      switch (rest.popFirst(), sequence.first) {
      case (UInt8(ascii: "A"), nil): keys.append(.up)
      case (UInt8(ascii: "B"), nil): keys.append(.down)
      case (UInt8(ascii: "~"), UInt8(ascii: "5")): keys.append(.pageUp)
      case (UInt8(ascii: "~"), UInt8(ascii: "6")): keys.append(.pageDown)
      default: break
      }
    }
    return keys
  }

  /// The keys that were pressed within `seconds`: returns at the first. Where the input is no
  /// terminal, or has ended, it only waits.
  static func wait(seconds: Double) -> [WatchKey] {
    var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    let isTerminal = isatty(STDIN_FILENO) == 1
    guard poll(&descriptor, isTerminal ? 1 : 0, Int32(seconds * 1_000)) > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = read(STDIN_FILENO, &bytes, bytes.count)
    guard count > 0 else {
      usleep(UInt32(seconds * 1e6))
      return []
    }
    return keys(in: Array(bytes.prefix(count)))
  }
}
