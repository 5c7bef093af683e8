internal import DurableFiles

/// The name of a segment in a run folder: `NNNNNN.events` or `NNNNNN.flagged`, with the suffix
/// `.writing` while it is open, and for a moment `.writing.again` while that name is made once
/// more. Numbers above 999,999 have as many digits as they need.
struct SegmentName: Hashable, Comparable, CustomStringConvertible {
  static let indexMax = 999_999_999_999
  static let openSuffix = ".writing"
  private static let againSuffix = ".again"

  /// From 1.
  var index: Int
  var kind: RunKind
  var isOpen: Bool
  /// Of an open one, whether its name is being made once more.
  var isMadeAgain = false

  init(index: Int, kind: RunKind, isOpen: Bool, isMadeAgain: Bool = false) {
    self.index = index
    self.kind = kind
    self.isOpen = isOpen
    self.isMadeAgain = isMadeAgain
  }

  /// Reads a file name; nil where it is not a segment's.
  init?(_ fileName: String) {
    let isMadeAgain = fileName.hasSuffix(Self.openSuffix + Self.againSuffix)
    let name = fileName.dropLast(isMadeAgain ? Self.againSuffix.count : 0)
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3 && ".\(parts[2])" == Self.openSuffix,
      parts[0].utf8.count == 6 || 7...12 ~= parts[0].utf8.count && !parts[0].hasPrefix("0"),
      parts[0].utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
      let index = Int(parts[0]), index > 0, let kind = RunKind(rawValue: String(parts[1]))
    else { return nil }
    self.init(
      index: index, kind: kind, isOpen: parts.count == 3, isMadeAgain: isMadeAgain)
  }

  /// The name that a segment had which was set aside; nil where it is not a segment's.
  static func before(aside fileName: String) -> SegmentName? {
    let bytes = Array(fileName.utf8)
    let suffix = Array(asideSuffix.utf8)
    let place = bytes.indices.first { bytes[$0...].starts(with: suffix) }
    guard let place else { return nil }
    return SegmentName(String(decoding: bytes[..<place], as: UTF8.self))
  }

  var description: String {
    let digits = String(index)
    let padding = String(repeating: "0", count: max(0, 6 - digits.count))
    let suffix = isOpen ? Self.openSuffix + (isMadeAgain ? Self.againSuffix : "") : ""
    return "\(padding)\(digits).\(kind.rawValue)\(suffix)"
  }

  /// An open one while its name is made once more.
  var madeAgain: SegmentName {
    SegmentName(index: index, kind: kind, isOpen: true, isMadeAgain: true)
  }

  /// The same segment under its final name.
  var closed: SegmentName { SegmentName(index: index, kind: kind, isOpen: false) }

  static func < (a: SegmentName, b: SegmentName) -> Bool {
    (a.index, a.description) < (b.index, b.description)
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
