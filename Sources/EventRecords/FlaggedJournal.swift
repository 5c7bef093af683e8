internal import DurableFiles
internal import Glibc

/// The journal of a trigger: every flagged record goes here before it is published, and its number
/// is never used again. It grows over restarts of the daemon; after a crash it holds whole records.
///
/// A folder of segments `NNNNNN.flagged` as any flagged run, and besides `lock` (held by the process
/// that writes) and `published` (the number of the last record that went out). One thread owns it.
/// Appending allocates nothing once a segment is open, but at a new run or source.
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
  public private(set) var unreadableRecordCount = 0
  /// The number of the last record that was published; 0 before the first.
  public var publishedNumber: UInt64 { cursor.number }
  /// The number that the next record must bear.
  public var nextNumber: UInt64 { max(lastNumber, publishedNumber) + 1 }

  private let featureNames: [String]?
  private let recordByteCount: Int
  private let segmentByteCountMax: Int
  private let lock: FolderLock
  private var cursor: PublishedCursor
  /// Closed segments, with ascending numbers.
  private var segments: [JournalSegment] = []
  /// Number of the last segment file, of this or an earlier process.
  private var lastSegmentIndex = 0
  private var current: OpenSegment?
  private var currentFirstNumber: UInt64 = 0
  private var account: JournalAccount
  private var isFinished = false

  /// Opens the journal in `folder`, which is made where it is missing, and recovers what a crash
  /// left.
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
    lastNumber = segments.last?.lastNumber ?? 0
    lastSegmentIndex = listing.segments.last?.index ?? 0
    account = JournalAccount(
      manifest: manifest, names: listing.segments.map(\.description), featureCount: featureCount)
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
      try closeSegment()
    }
    if current == nil { try openSegment() }
    let isFirst = openByteCount == 0
    try current?.append(records)
    if isFirst { currentFirstNumber = nextNumber }
    lastNumber = nextNumber + UInt64(records.count / recordByteCount) - 1
    for offset in stride(from: 0, to: records.count, by: recordByteCount) {
      account.tally.add(base + offset, featureCount: featureCount)
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
  private var openByteCount: Int { current?.byteCount ?? 0 }

  private func openSegment() throws {
    let name = try SegmentName.following(lastSegmentIndex, kind: .flagged, folder: folder)
    current = try OpenSegment(name, inFolder: folder)
    lastSegmentIndex = name.index
  }

  private func closeSegment() throws {
    if let closed = try current?.close(recordByteCount: recordByteCount),
      let name = SegmentName(closed.name)
    {
      account.segments[closed.name] = closed
      segments.append(
        JournalSegment(
          name: name, firstNumber: currentFirstNumber, recordCount: closed.recordCount))
    }
    current = nil
  }

  /// Remembers that all records up to `number` were published. It survives the end of the process.
  public func setPublished(_ number: UInt64) throws {
    precondition(number >= publishedNumber, "what was published stays so")
    precondition(number <= max(lastNumber, publishedNumber), "published before it was journaled")
    try cursor.advance(to: number)
  }

  /// Returns when all records, and after them the published number, are on the disk.
  public func synchronise() throws {
    try current?.synchronise()
    try cursor.synchronise()
  }

  /// What `synchronise` would do now, to be done by another thread while this one goes on writing.
  public func synchronisation() throws -> JournalSynchronisation {
    guard openByteCount > 0, let segment = try current?.duplicatedFile() else {
      return JournalSynchronisation(segment: nil, cursor: try cursor.duplicatedFile())
    }
    return JournalSynchronisation(segment: segment, cursor: try cursor.duplicatedFile())
  }

  /// Reads the records from `number` on, as many as are there and fit, in order; returns how many.
  /// 0 means that there are none. Numbers that are not in the journal any more are skipped, as are
  /// records whose checksum is wrong (`unreadableRecordCount`): look at the numbers.
  public func read(from number: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    precondition(buffer.count >= recordByteCount, "no room for one record")
    let fitting = buffer.count / recordByteCount
    var (number, count) = (number, 0)
    while count < fitting, let part = segment(holding: number) {
      number = max(number, part.firstNumber)
      let wanted = min(fitting - count, Int(part.lastNumber - number) + 1)
      let start = count * recordByteCount
      let room = UnsafeMutableRawBufferPointer(
        rebasing: buffer[start..<(start + wanted * recordByteCount)])
      let offset = Int(number - part.firstNumber) * recordByteCount
      let byteCount = try read(part, into: room, at: offset)
      guard byteCount == room.count else {
        throw FileFault(
          file: joined(folder, part.name.description), place: "byte \(offset + byteCount)",
          found: "the end of the file", expected: "the records that were written there",
          remedy: "no other program may change the journal while it is open")
      }
      count += dropWrongRecords(room)
      number += UInt64(wanted)
    }
    return count
  }

  /// The first segment that holds `number` or a later one.
  private func segment(holding number: UInt64) -> JournalSegment? {
    if let closed = segments.first(where: { $0.lastNumber >= number }) { return closed }
    guard openByteCount > 0, lastNumber >= number else { return nil }
    return JournalSegment(
      name: SegmentName(index: lastSegmentIndex, kind: .flagged, isOpen: true),
      firstNumber: currentFirstNumber, recordCount: openByteCount / recordByteCount)
  }

  private func read(
    _ part: JournalSegment, into room: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(SystemCallError) -> Int {
    if part.name.isOpen { return try current?.read(into: room, at: offset) ?? 0 }
    return try OpenFile(opening: joined(folder, part.name.description), flags: O_RDONLY)
      .read(into: room, at: offset)
  }

  /// Moves the good records of `room` together; returns their number.
  private func dropWrongRecords(_ room: UnsafeMutableRawBufferPointer) -> Int {
    guard let base = room.baseAddress else { return 0 }
    var kept = 0
    for index in 0..<(room.count / recordByteCount) {
      let record = base + index * recordByteCount
      if RunKind.flagged.refusal(at: record, featureCount: featureCount) != nil {
        unreadableRecordCount += 1
        continue
      }
      if kept < index {
        (base + kept * recordByteCount).copyMemory(from: record, byteCount: recordByteCount)
      }
      kept += 1
    }
    return kept
  }

  /// Closes the segment and writes the manifest, with `extras` as sections beside its fields.
  /// Segments that an earlier process left without a manifest are read through once for it.
  @discardableResult
  public func finish(extras: [String: JSONValue] = [:]) throws -> RunManifest {
    precondition(!isFinished, "the journal is closed")
    try closeSegment()
    try cursor.synchronise()
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
