internal import DurableFiles

/// The name of a segment in a run folder: `NNNNNN.events` or `NNNNNN.flagged`, with the suffix
/// `.writing` while it is open. Numbers above 999,999 have as many digits as they need.
struct SegmentName: Hashable, Comparable, CustomStringConvertible {
  static let indexMax = 999_999_999_999
  static let openSuffix = ".writing"

  /// From 1.
  var index: Int
  var kind: RunKind
  var isOpen: Bool

  init(index: Int, kind: RunKind, isOpen: Bool) {
    self.index = index
    self.kind = kind
    self.isOpen = isOpen
  }

  /// Reads a file name; nil where it is not a segment's.
  init?(_ fileName: String) {
    let parts = fileName.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3 && ".\(parts[2])" == Self.openSuffix,
      parts[0].utf8.count == 6 || 7...12 ~= parts[0].utf8.count && !parts[0].hasPrefix("0"),
      parts[0].utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
      let index = Int(parts[0]), index > 0, let kind = RunKind(rawValue: String(parts[1]))
    else { return nil }
    self.init(index: index, kind: kind, isOpen: parts.count == 3)
  }

  var description: String {
    let digits = String(index)
    let padding = String(repeating: "0", count: max(0, 6 - digits.count))
    return "\(padding)\(digits).\(kind.rawValue)\(isOpen ? Self.openSuffix : "")"
  }

  /// The same segment under its final name.
  var closed: SegmentName { SegmentName(index: index, kind: kind, isOpen: false) }

  static func < (a: SegmentName, b: SegmentName) -> Bool {
    (a.index, a.kind.rawValue, a.isOpen ? 1 : 0) < (b.index, b.kind.rawValue, b.isOpen ? 1 : 0)
  }
}

extension SegmentName {
  /// The open segment that comes after number `index`.
  static func following(
    _ index: Int, kind: RunKind, folder: String
  ) throws(FileFault) -> SegmentName {
    guard index < indexMax else {
      throw FileFault(
        file: folder, found: "segment number \(index)", expected: "numbers of at most 12 digits",
        remedy: "begin a new folder")
    }
    return SegmentName(index: index + 1, kind: kind, isOpen: true)
  }
}
