internal import DurableFiles
internal import Glibc

/// The journal of a trigger: every flagged record goes here before it is published, and its number
/// is never used again. It grows over restarts of the daemon; after a crash it holds whole records.
///
/// A folder of segments `NNNNNN.flagged` as any flagged run, and besides `lock` (held by the process
/// that writes), `published` (the number of the last record that went out) and `deleted` (what
/// retention has taken out). One thread owns it. Appending allocates nothing once a segment is open,
/// but at a new run or source, and never waits for the disk: see `synchronisation`.
public final class FlaggedJournal {
  /// The folder.
  public let folder: String
  /// D.
  public let featureCount: Int
  /// What had to be closed and cut when the journal was opened.
  public let recovery: RunRecovery
  /// The highest number in the journal; 0 while it is empty.
  public private(set) var lastNumber: UInt64 = 0
  /// Records that were asked for by `read` and left out for a wrong checksum.
  public internal(set) var unreadableRecordCount = 0
  /// The number of the last record that was published; 0 before the first.
  public var publishedNumber: UInt64 { cursor.number }
  /// The number that the next record must bear.
  public var nextNumber: UInt64 { max(lastNumber, publishedNumber, deleted.number) + 1 }
  /// What retention has deleted, of this and earlier processes.
  public internal(set) var deleted: DeletedRecords

  private let featureNames: [String]?
  let recordByteCount: Int
  private let segmentByteCountMax: Int
  private let lock: FolderLock
  private var cursor: PublishedCursor
  /// Closed segments, with ascending numbers.
  var segments: [JournalSegment] = []
  /// Bytes in `segments`.
  var closedByteCount = 0
  /// Full segments that wait for their final names, after those in `segments`.
  var closings: [ClosingSegment] = []
  /// Segments that are being deleted.
  var removal: SegmentRemoval?
  /// Number of the last segment file, of this or an earlier process.
  private(set) var lastSegmentIndex = 0
  var current: OpenSegment?
  private(set) var currentFirstNumber: UInt64 = 0
  private var account: JournalAccount
  private var isFinished = false

  /// So many full segments may wait for the disk before appending waits for it.
  private static let closingsMax = 8

  /// Opens the journal in `folder`, which is made where it is missing, and recovers what a crash
  /// left. Looks at the first and last record of each closed segment, and reads through the open
  /// ones alone.
  /// - Throws: `FileFault` where another process holds it, it is of another D or other feature
  ///   names, or a segment is broken; `SystemCallError`.
  public init(
    folder: String, featureCount: Int, featureNames: [String]? = nil,
    segmentByteCountMax: Int = RunWriter.segmentByteCountDefault
  ) throws {
    precondition(0...EventRecord.featureCountMax ~= featureCount)
    precondition(featureNames == nil || featureNames?.count == featureCount)
    try makeFolder(folder)
    let lock = try FolderLock(folder: folder)
    let found = try RunFolder(folder)
    let manifest = try found.hasManifest ? RunManifest.read(file: found.manifestPath) : nil
    try refuseForeignJournal(
      found, manifest: manifest, featureCount: featureCount, featureNames: featureNames)
    recovery = try recoverRun(folder, featureCount: featureCount)
    let listing = try RunFolder(folder)
    segments = try listing.segments.map {
      try JournalSegment($0, in: listing, featureCount: featureCount)
    }
    try refuseRepeatedNumbers(segments, in: listing)
    let cursor = try PublishedCursor(folder: folder)
    deleted = try DeletedRecords(inFolder: folder)
    lastNumber = segments.last?.lastNumber ?? 0
    closedByteCount = segments.reduce(0) { $0 + $1.byteCount }
    lastSegmentIndex = max(listing.segments.last?.index ?? 0, Int(clamping: deleted.segmentIndex))
    account = JournalAccount(manifest: manifest, segments: segments)
    self.folder = folder
    self.featureCount = featureCount
    self.featureNames = featureNames
    self.segmentByteCountMax = segmentByteCountMax
    recordByteCount = FlaggedRecord.byteCount(featureCount: featureCount)
    self.lock = lock
    self.cursor = cursor
  }

  /// Writes whole records, numbered on from `nextNumber`, to the file: when this returns they
  /// survive the end of the process. Where it throws (such as on a full disk) nothing of them is
  /// in the journal, and the same call can be made again.
  public func append(_ records: UnsafeRawBufferPointer) throws {
    precondition(!isFinished, "the journal is closed")
    precondition(records.count % recordByteCount == 0, "not whole records")
    guard let base = records.baseAddress, records.count > 0 else { return }
    checkNumbers(base, count: records.count / recordByteCount)
    if openByteCount > 0, openByteCount + records.count > segmentByteCountMax {
      try endSegment()
    }
    if current == nil { try openSegment() }
    let isFirst = openByteCount == 0
    try current?.append(records)
    if isFirst { currentFirstNumber = nextNumber }
    lastNumber = nextNumber + UInt64(records.count / recordByteCount) - 1
    for offset in stride(from: 0, to: records.count, by: recordByteCount) {
      account.open.add(base + offset, featureCount: featureCount)
    }
  }

  private func checkNumbers(_ base: UnsafeRawPointer, count: Int) {
    for index in 0..<count {
      let record = FlaggedRecordView(base + index * recordByteCount, featureCount: featureCount)
      precondition(record.magic == FlaggedRecord.magic, "not a flagged record")
      precondition(record.number == nextNumber + UInt64(index), "numbers must go on by one")
    }
  }

  /// Bytes in the open segment; 0 where there is none.
  public var openByteCount: Int { current?.byteCount ?? 0 }

  /// Which segment is open, counted over the journal's life.
  public var openSegmentIndex: Int { lastSegmentIndex }

  private func openSegment() throws {
    let name = try SegmentName.following(lastSegmentIndex, kind: .flagged, folder: folder)
    current = try OpenSegment(name, inFolder: folder)
    lastSegmentIndex = name.index
  }

  /// Ends the open segment, where there is one with records; the next record begins another. The
  /// next synchronisation closes it.
  public func endSegment() throws {
    collectClosed()
    // A disk that takes bytes but never says that it has them must not gather segments for ever.
    if closings.count >= Self.closingsMax { try closings[0].run() }
    guard openByteCount > 0 else { return }
    try current?.settle()
    guard let segment = current.take() else { return }
    closings.append(
      segment.closing(
        firstNumber: currentFirstNumber, recordByteCount: recordByteCount,
        summary: account.takeOpen()))
  }

  /// Takes note of the segments that have got their final names.
  func collectClosed() {
    while let closing = closings.first, closing.isClosed {
      closings.removeFirst()
      var segment = closing.segment
      segment.name = segment.name.closed
      segments.append(segment)
      closedByteCount += segment.byteCount
      account.segments[closing.description.name] = closing.description
    }
  }

  /// Forgets closed segments that are gone.
  func forget(_ gone: [JournalSegment]) {
    for segment in gone { account.segments[segment.name.description] = nil }
  }

  /// Remembers that all records up to `number` were published. It survives the end of the process.
  public func setPublished(_ number: UInt64) throws {
    precondition(number >= publishedNumber, "what was published stays so")
    precondition(number <= max(lastNumber, publishedNumber), "published before it was journaled")
    try cursor.advance(to: number)
  }

  /// Returns when all records, and after them the published number, are on the disk.
  public func synchronise() throws { try synchronisation().run() }

  /// What `synchronise` would do now, to be done by another thread while this one goes on writing.
  public func synchronisation() throws -> JournalSynchronisation {
    collectClosed()
    let segment = openByteCount > 0 ? try current?.duplicatedFile() : nil
    return JournalSynchronisation(
      closings: closings, segment: segment, entry: current?.entry,
      cursor: try cursor.duplicatedFile(), removal: removal)
  }

  /// Closes the segment and writes the manifest, with `extras` as sections beside its fields.
  /// Segments that an earlier process left without a manifest are read through once for it.
  @discardableResult
  public func finish(extras: [String: JSONValue] = [:]) throws -> RunManifest {
    precondition(!isFinished, "the journal is closed")
    try endSegment()
    if openByteCount == 0, var empty = current.take() {
      _ = try empty.close(recordByteCount: recordByteCount)
    }
    try synchronise()
    collectClosed()
    collectRemoved()
    var manifest = try account.manifest(
      folder: folder, names: segments.map(\.name), featureCount: featureCount,
      featureNames: featureNames)
    manifest.extras = extras
    try manifest.write(inFolder: folder)
    isFinished = true
    return manifest
  }
}

private func refuseRepeatedNumbers(_ segments: [JournalSegment], in folder: RunFolder) throws {
  for (earlier, later) in zip(segments, segments.dropFirst())
  where later.firstNumber <= earlier.lastNumber {
    throw FileFault(
      file: folder.path(of: later.name), place: "record 0", found: "number \(later.firstNumber)",
      expected: "one above \(earlier.lastNumber), the last of \(earlier.name)",
      remedy: JournalSegment.remedy)
  }
}

private func refuseForeignJournal(
  _ folder: RunFolder, manifest: RunManifest?, featureCount: Int, featureNames: [String]?
) throws {
  let remedy = "choose another folder for this model's journal"
  if folder.kind == .events {
    throw FileFault(
      file: folder.path, found: "a recorded run", expected: "a flagged journal or a new folder",
      remedy: remedy)
  }
  if let found = try manifest?.featureCount ?? folder.featureCount(), found != featureCount {
    throw FileFault(
      file: folder.path, found: "a journal of \(found) features",
      expected: "\(featureCount), as the model has", remedy: remedy)
  }
  if let found = manifest?.featureNames, let featureNames, found != featureNames {
    let different = zip(found, featureNames).first { $0 != $1 }
    throw FileFault(
      file: folder.manifestPath, place: "feature_names",
      found: different.map { "\"\($0.0)\"" } ?? "other names",
      expected: different.map { "\"\($0.1)\", as the model has" } ?? "the model's names",
      remedy: remedy)
  }
}
