/// Bounds on a text before it is read as YAML: the reader descends once a level, and a key that
/// names an anchor of such keys takes twice the time at each level.
struct YAMLLimits {
  /// Levels within levels; a configuration has three.
  static let depthMax = 64
  /// Aliases beside an anchor. None is supported; the reader names the first few.
  static let aliasCountMax = 16

  /// The first place beyond a bound, with the bound in words; nil for a text within all.
  private(set) var excess: (place: SourcePlace, found: String, expected: String)?

  private var flowDepth = 0
  private var indents: [Int] = []
  private var aliasCount = 0
  private var hasAnchor = false

  init(_ text: String) {
    for (index, line) in text.unicodeScalars.split(
      separator: "\n", omittingEmptySubsequences: false
    ).enumerated() {
      scan(line, number: index + 1)
      if excess != nil { return }
    }
  }

  private mutating func scan(_ line: Substring.UnicodeScalarView, number: Int) {
    var previous: Unicode.Scalar = " "
    var column = 0
    var isStart = true
    for (place, scalar) in line.enumerated() {
      column = place + 1
      // A comment; within quotes a number sign may hide the rest of the line from these bounds,
      // which then bound less.
      if scalar == "#", previous == " " { return }
      if isStart, scalar != " " { isStart = beginBlock(scalar, at: place) }
      let opensToken = " [{,:-?".unicodeScalars.contains(previous)
      switch scalar {
      case "[", "{": flowDepth += 1
      case "]", "}": flowDepth = max(0, flowDepth - 1)
      case "&" where opensToken: hasAnchor = true
      case "*" where opensToken: aliasCount += 1
      default: break
      }
      previous = scalar
      check(SourcePlace(line: number, column: column))
      if excess != nil { return }
    }
  }

  /// Notes that a block begins at `column`; whether another may begin in the same line.
  private mutating func beginBlock(_ scalar: Unicode.Scalar, at column: Int) -> Bool {
    while let last = indents.last, last >= column { indents.removeLast() }
    indents.append(column)
    return ["-", "?", ":"].contains(scalar)
  }

  private mutating func check(_ place: SourcePlace) {
    if indents.count + flowDepth > Self.depthMax {
      excess = (place, "more than \(Self.depthMax) levels", "sections and lists, three levels deep")
    } else if hasAnchor, aliasCount > Self.aliasCountMax {
      excess = (place, "more than \(Self.aliasCountMax) aliases", "values without aliases")
    }
  }
}
