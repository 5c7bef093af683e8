internal import DurableFiles
internal import EventRecords
internal import Glibc
internal import StrictJSON

/// A run that an earlier process has closed.
package struct ClosedBefore {
  var run: UInt32
  var source: UInt32
  var openedNs: UInt64
  var resumeCount: UInt64
  /// Whether its sender has ended it.
  var hasEnded: Bool

  package init(
    run: UInt32, source: UInt32, openedNs: UInt64, resumeCount: UInt64 = 0, hasEnded: Bool = true
  ) {
    self.run = run
    self.source = source
    self.openedNs = openedNs
    self.resumeCount = resumeCount
    self.hasEnded = hasEnded
  }

  /// The end of `ledger.jsonl` that is looked through at a start, however long the file is.
  private static let byteCountMax = 1 << 20

  /// The runs that the journal in `folder` closed last, in that order. Lines that cannot be read
  /// are left out: they only help to tell a late record from a new run.
  static func list(inFolder folder: String) -> [ClosedBefore] {
    guard let file = try? OpenFile(opening: "\(folder)/ledger.jsonl", flags: O_RDONLY),
      let size = try? file.byteCount()
    else { return [] }
    let start = max(0, size - byteCountMax)
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: size - start, alignment: 16)
    defer { bytes.deallocate() }
    guard let count = try? file.read(into: bytes, at: start) else { return [] }
    return bytes[..<count].split(separator: UInt8(ascii: "\n")).compactMap { line in
      guard let value = try? JSONValue(parsing: UnsafeRawBufferPointer(rebasing: line)) else {
        return nil
      }
      return try? ClosedBefore(JSONPlace(root: value, file: file.path))
    }
  }

  private init?(_ line: JSONPlace) throws(FileFault) {
    switch RunLedgerReport.Closing(rawValue: try line.member("closing").string()) {
    case .endOfRun: hasEnded = true
    case .nextRun, .silence: hasEnded = false
    case .shutdown, nil: return nil
    }
    run = try line.member("run").integer(in: 0...UInt32.max)
    source = try line.member("source").integer(in: 0...UInt32.max)
    openedNs = try line.member("opened_ns").integer(in: 0...UInt64.max)
    resumeCount = try line.member("resumed").integer(in: 0...UInt64.max)
  }
}
