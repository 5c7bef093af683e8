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

  /// The width in characters of the whole line.
  var characterCount: Int { pieces.reduce(0) { $0 + $1.text.count } }

  /// The line in `width` characters, with or without escape sequences. Where it is longer, it has
  /// the whole words that fit and dots: half a number would be a wrong one.
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

  /// Whether it has a digit and nothing that is in no number: `12.5`, `18,446`, `3.4e+38`.
  var isNumeral: Bool {
    contains { ("0"..."9").contains($0) } && allSatisfy { "0123456789.,+-e".contains($0) }
  }

  /// At most `width` characters: where it is longer, dots stand for its middle.
  func elided(to width: Int) -> String {
    guard count > width else { return self }
    let dots = String("...".prefix(max(0, width)))
    let kept = max(0, width - dots.count)
    return "\(prefix(kept - kept / 2))\(dots)\(suffix(kept / 2))"
  }
}

/// `parts` in lines of at most `width` characters, broken between parts; the first line has the
/// label, the others are indented as far. A part that needs more than a line is broken between
/// words, and no number from its unit.
func wrapped(_ label: String, _ parts: [String], separator: String, width: Int) -> [StyledLine] {
  let room = max(1, width - 10)
  var lines: [StyledLine] = []
  var current = ""
  for part in parts {
    for (place, piece) in (part.count > room ? words(of: part, room: room) : [part]).enumerated() {
      let between = place == 0 ? separator : " "
      if !current.isEmpty, current.count + between.count + piece.count > room {
        lines.append(StyledLine(label: lines.isEmpty ? label : "", current))
        current = piece
      } else {
        current += current.isEmpty ? piece : between + piece
      }
    }
  }
  lines.append(StyledLine(label: lines.isEmpty ? label : "", current))
  return lines
}

/// The words of `part`, numbers together with what follows them; one that alone is too long has
/// dots for its middle.
private func words(of part: String, room: Int) -> [String] {
  var words: [String] = []
  for word in part.split(separator: " ").map(String.init) {
    if let last = words.last, last.isNumeral, last.last != ",",
      last.count + 1 + word.count <= room
    {
      words[words.count - 1] += " " + word
    } else {
      words.append(word.elided(to: room))
    }
  }
  return words
}
