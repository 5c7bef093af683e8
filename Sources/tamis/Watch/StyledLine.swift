/// A line of the view: pieces of text, some of them coloured.
struct StyledLine {
  /// What a piece means.
  enum Style {
    case plain, strong, soft, good, warning, alarm

    fileprivate var code: String? {
      switch self {
      case .plain: nil
      case .strong: "1"
      case .soft: "2"
      case .good: "1;37;42"
      case .warning: "1;30;43"
      case .alarm: "1;37;41"
      }
    }
  }

  private var pieces: [(text: String, style: Style)] = []

  init() {}

  mutating func add(_ text: String, _ style: Style = .plain) { pieces.append((text, style)) }

  /// A label of a fixed width in front of a text.
  init(label: String, _ text: String) {
    add(label.padded(to: 10), .soft)
    add(text)
  }

  /// How many characters wide it is when it is not cut.
  var characterCount: Int { pieces.reduce(0) { $0 + $1.text.count } }

  /// The line in `width` characters, with or without escape sequences. Where it is longer, it has the
  /// whole words that fit and dots: half a number would be a wrong one.
  func text(width: Int, hasColour: Bool) -> String {
    let isWhole = characterCount <= width
    var left = isWhole ? width : roomForWords(width: width - 3)
    var line = ""
    for piece in pieces where left > 0 {
      let shown = String(piece.text.prefix(left))
      left -= shown.count
      if hasColour, let code = piece.style.code {
        line += "\u{1B}[\(code)m\(shown)\u{1B}[0m"
      } else {
        line += shown
      }
    }
    return isWhole ? line : line + "...".prefix(max(0, width))
  }

  /// How many characters the words take that are within `width`, with the space behind them.
  private func roomForWords(width: Int) -> Int {
    let fitting = pieces.map(\.text).joined().prefix(max(0, width))
    return fitting.lastIndex(of: " ").map { fitting.distance(from: fitting.startIndex, to: $0) + 1 }
      ?? 0
  }
}

extension String {
  /// Followed by spaces up to `width`; never cut.
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}

/// `parts` in lines of at most `width` characters, broken between parts; the first line has the
/// label, the others are indented as far.
func wrapped(_ label: String, _ parts: [String], separator: String, width: Int) -> [StyledLine] {
  var lines: [StyledLine] = []
  var current = ""
  for part in parts {
    if !current.isEmpty, 10 + current.count + separator.count + part.count > width {
      lines.append(StyledLine(label: lines.isEmpty ? label : "", current))
      current = part
    } else {
      current += current.isEmpty ? part : separator + part
    }
  }
  lines.append(StyledLine(label: lines.isEmpty ? label : "", current))
  return lines
}
