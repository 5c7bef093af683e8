internal import DurableFiles
internal import EventRecords
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

  /// The runs that the journal in `store` closed last, in that order. Lines that cannot be read
  /// are left out: they only help to tell a late record from a new run.
  static func list(in store: any FolderStore) -> [ClosedBefore] {
    guard let file = try? store.open(LedgerFile.name, .reading),
      let end = try? file.endWithoutZeros(),
      let content = try? file.content(from: max(0, end - byteCountMax), to: end)
    else { return [] }
    return content.split(separator: UInt8(ascii: "\n")).compactMap { line in
      let value = try? line.withUnsafeBytes { try JSONValue(parsing: $0) }
      return value.flatMap { try? ClosedBefore(JSONPlace(root: $0, file: file.path)) }
    }
  }

  /// Whether this line of the ledger has all that `account` has: it was written when the run was
  /// closed, by the process that kept the account or one that resumed it.
  func tells(_ account: borrowing DecidedAccount) -> Bool {
    guard run == account.run, source == account.source, openedNs == account.openedNs else {
      return false
    }
    return resumeCount >= account.resumeCount
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
