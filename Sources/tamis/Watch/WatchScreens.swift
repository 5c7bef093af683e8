internal import DurableFiles
internal import NumberText
internal import StrictJSON

/// The screens of a status on a terminal: one is shown at a time, cut to the rows of the terminal.
struct WatchScreens {
  /// The screens, each with its key.
  enum Screen: Character, CaseIterable {
    case overview = "1"
    case alarms = "2"
    case ledger = "3"
    case flags = "4"
    case everything = "5"

    var name: String { "\(self)" }
  }

  private(set) var screen = Screen.overview
  /// Rows of the screen that have been scrolled past.
  private(set) var scrolledRowCount = 0

  /// Carries out a key; false for the key that ends the view.
  mutating func press(_ key: WatchKey) -> Bool {
    switch key {
    case .character("q"): return false
    case .character(let character):
      if let chosen = Screen(rawValue: character) { (screen, scrolledRowCount) = (chosen, 0) }
      if character == "j" { scrolledRowCount += 1 }
      if character == "k" { scrolledRowCount -= 1 }
      if character == " " { scrolledRowCount += 10 }
    case .down: scrolledRowCount += 1
    case .up: scrolledRowCount -= 1
    case .pageDown: scrolledRowCount += 10
    case .pageUp: scrolledRowCount -= 10
    }
    scrolledRowCount = max(0, scrolledRowCount)
    return true
  }

  /// The lines of `view` on `rowCount` rows, the last of which says which keys there are.
  mutating func lines(of view: WatchView, rowCount: Int) -> [StyledLine] {
    let room = max(1, rowCount - 1)
    if screen == .overview {
      let (lines, hidden) = view.overview(rowCount: room)
      return lines + [
        footer(hidden > 0 ? "\(counted(hidden, "more line")): 5" : "", width: view.width)
      ]
    }
    let all = content(of: view)
    scrolledRowCount = min(scrolledRowCount, max(0, all.count - room))
    let last = min(all.count, scrolledRowCount + room)
    let place =
      all.count > room ? "lines \(scrolledRowCount + 1) to \(last) of \(all.count)" : ""
    return Array(all[scrolledRowCount..<last]) + [footer(place, width: view.width)]
  }

  private func content(of view: WatchView) -> [StyledLine] {
    switch screen {
    case .overview, .everything: view.lines
    case .alarms: [view.heading] + view.alarms(isShort: false)
    case .ledger: [view.heading] + view.ledger + view.keeping
    case .flags:
      [view.heading] + view.workingPoints(isShort: false) + view.because + view.flags
        + view.strangest
    }
  }

  /// The keys, and what `place` says: with the names of the screens where both find room.
  private func footer(_ place: String, width: Int) -> StyledLine {
    func keys(_ label: (Screen) -> String) -> String {
      Screen.allCases.map { $0 == screen ? "[\(label($0))]" : label($0) }.joined(separator: " ")
    }
    let named = keys { "\($0.rawValue) \($0.name)" }
    let texts = ["\(named) q", named, "\(keys { String($0.rawValue) }) q"].map { text in
      [text, place].filter { !$0.isEmpty }.joined(separator: "  ")
    }
    var line = StyledLine()
    line.add(texts.first { $0.count <= width } ?? texts[2], .soft)
    return line
  }
}

extension WatchView {
  /// The most important lines of everything on `rowCount` rows, in the order of the whole view, and
  /// how many lines are left out.
  func overview(rowCount: Int) -> (lines: [StyledLine], hiddenCount: Int) {
    // Each part with the lines that it has at least, where they fit; the first parts matter most.
    let parts: [(lines: [StyledLine], leastCount: Int)] = [
      ([heading], 1), (alarms(isShort: true), 4), (stream, 2), (workingPoints(isShort: true), 4),
      (ledger, 1),
      (journal, 1), (output, 1), (change, 1), (because, 1), (flags, 2), (strangest, 2),
      (generation, 1),
    ]
    var room = rowCount
    var counts = parts.map { part in
      let count = min(part.lines.count, part.leastCount, room)
      room -= count
      return count
    }
    for index in parts.indices {
      let more = min(parts[index].lines.count - counts[index], room)
      counts[index] += more
      room -= more
    }
    let shown = zip(parts, counts).flatMap { $0.lines.prefix($1) }
    return (shown, parts.reduce(0) { $0 + $1.lines.count } - shown.count)
  }
}
