public import DurableFiles
internal import EventRecords
internal import Glibc
public import StrictJSON

/// The journal of a trigger: every flagged record goes here before it is published, and its number
/// is never used again. It grows over restarts of the daemon; after a crash it holds whole records.
///
/// It is a folder of segments `NNNNNN.flagged`, as any flagged run, with four more files: `lock`
/// (held by the process that writes), `numbers` (the numbers that may have been used), `published`
/// (the number of the last published record) and `deleted` (the records that retention has
/// deleted). One thread owns the journal. Appending allocates nothing once a segment is open,
/// except at a new run or source. It waits for the disk only while the memory for records that are
/// not on the disk is full: see `synchronisation`.
public final class FlaggedJournal {
  /// The folder.
  public var folder: String { store.path }
  /// The files.
  public let store: any FolderStore
  /// D.
  public let featureCount: Int
  /// The segments that were closed and cut when the journal was opened.
  public let recovery: RunRecovery
  /// The highest number in the journal; 0 while it is empty.
  public private(set) var lastNumber: UInt64 = 0
  /// Records that `read` left out because they are damaged or cut off, each once however often it
  /// was read.
  public internal(set) var unreadableRecordCount = 0
  /// The highest number that `unreadableRecordCount` counts. What is read again is not counted
  /// again.
  var unreadableNumber: UInt64 = 0
  /// The number of the last record that was published; 0 before the first.
  public private(set) var publishedNumber: UInt64
  /// The number that the next record must have. After an end that was not orderly it does not
  /// follow the last record directly.
  public private(set) var nextNumber: UInt64
  /// All records of the journal up to this number survive a power failure.
  public internal(set) var durableNumber: UInt64 = 0
  /// Notes from opening the journal: damage that was mended, numbers that are left out.
  public private(set) var notes: [String] = []
  /// Segments that somebody else has taken out of the folder since the journal was opened, as far
  /// as was noticed.
  public internal(set) var movedAwaySegmentCount = 0
  /// Seconds since the epoch, for the age of segments. The owner sets it by a clock that it trusts.
  public var nowS: Int = Int(time(nil))
  /// The records that retention has deleted, in this and earlier processes.
  public internal(set) var deleted: DeletedRecords

  private let featureNames: [String]?
  let recordByteCount: Int
  private let segmentByteCountMax: Int
  private let lock: any AnyObject & Sendable
  let cursor: PublishedCursor
  let numbers: NumberReservation
  let kept: KeptRecords
  /// Closed segments, with ascending numbers.
  var segments: [JournalSegment] = []
  /// Bytes in `segments`.
  var closedByteCount = 0
  /// Full segments that wait for their final names, after those in `segments`.
  var closings: [ClosingSegment] = []
  /// Segments that are being deleted.
  var removal: SegmentRemoval?
  /// Number of the open segment's file, or of the last one before it.
  private(set) var lastSegmentIndex = 0
  var nextSegmentIndex: Int
  var current: OpenSegment?
  var currentFirstNumber: UInt64 = 0
  private var account: JournalAccount
  var isFinished = false

  /// The number of full segments that may wait for the disk. With more, appending waits.
  private static let closingsMax = 8

  package static let lockName = "lock"
  /// A line for each run and source that was closed.
  package static let ledgerName = "ledger.jsonl"
  /// The accounts of runs that are open.
  package static let accountsName = "ledger.open"
  /// The files beside the segments that the journal reads.
  static let fileNames = [
    RunFolder.manifestName, PublishedCursor.fileName, NumberReservation.fileName,
    DeletedRecords.fileName,
  ]
  /// The small files beside them.
  static let smallNames = [
    lockName, NumberReservation.fileName, PublishedCursor.fileName, DeletedRecords.fileName,
  ]
  /// Files that are written in place: a process that may not write one of them cannot open the
  /// journal.
  public static let writtenNames = [
    lockName, NumberReservation.fileName, PublishedCursor.fileName,
  ]
  /// Memory for records that are not on the disk yet.
  public static let keptByteCountDefault = 16 << 20

  /// Opens the journal in `folder`; see `init(store:featureCount:)`.
  public convenience init(
    folder: String, featureCount: Int, featureNames: [String]? = nil,
    segmentByteCountMax: Int = RunWriter.segmentByteCountDefault,
    keptByteCountMax: Int = FlaggedJournal.keptByteCountDefault
  ) throws {
    try self.init(
      store: DiskFolder(folder), featureCount: featureCount, featureNames: featureNames,
      segmentByteCountMax: segmentByteCountMax, keptByteCountMax: keptByteCountMax)
  }

  /// Opens the journal in `store`, which is made where it is missing, and recovers what a crash
  /// left. Looks at the first and last record of each closed segment, and reads all records only of
  /// the open ones. Files that cannot be read are set aside, and reported in `notes`. Traps where D
  /// is not in 0 ... 65535, or there is not one name for each feature.
  /// - Parameters:
  ///   - store: the journal's files.
  ///   - featureCount: D, 0 ... 65535.
  ///   - featureNames: D names, or nil; they give the manifest's schema.
  ///   - segmentByteCountMax: the size at which a segment ends; at least one record goes into each.
  ///   - keptByteCountMax: appending waits for the disk while more bytes of records are not on it.
  /// - Throws: `FileFault` where another process holds it, it is of another D or other feature names, or
  ///   the folder is no journal and holds other files; `SystemCallError`.
  public init(
    store: any FolderStore, featureCount: Int, featureNames: [String]? = nil,
    segmentByteCountMax: Int = RunWriter.segmentByteCountDefault,
    keptByteCountMax: Int = FlaggedJournal.keptByteCountDefault
  ) throws {
    precondition(0...EventRecord.featureCountMax ~= featureCount)
    precondition(featureNames == nil || featureNames?.count == featureCount)
    try store.make()
    try JournalFolder.refuseOther(store)
    let lockNotes = try store.setAsideIrregular([Self.lockName])
    let lock = try store.lock(Self.lockName)
    let opening = try JournalOpening(
      store, featureCount: featureCount, featureNames: featureNames)
    recovery = opening.recovery
    var segments = opening.segments
    segments.countRecords()
    let deleted = try DeletedRecords(in: store)
    // Where the disk has no room for a new one, the next start tries again.
    if deleted.note != nil { try? deleted.write(in: store) }
    let opened = try JournalNumbers(
      store, lastNumber: segments.last?.lastNumber ?? 0, lastSegment: opening.lastSegmentIndex,
      deleted: deleted)
    let damage = recovery.damage.map { "\(store.path(of: $0))" }
    notes = lockNotes + opening.notes + damage + [deleted.note].compactMap(\.self) + opened.notes
    cursor = try PublishedCursor(in: store, number: opened.publishedNumber)
    publishedNumber = opened.publishedNumber
    numbers = opened.reservation
    nextNumber = opened.nextNumber
    nextSegmentIndex = opened.nextSegment
    lastSegmentIndex = opened.nextSegment - 1
    self.deleted = deleted
    lastNumber = segments.last?.lastNumber ?? 0
    durableNumber = lastNumber
    closedByteCount = segments.reduce(0) { $0 + $1.byteCount }
    account = JournalAccount(manifest: opening.manifest, segments: segments)
    self.segments = segments
    self.store = store
    self.featureCount = featureCount
    self.featureNames = featureNames
    self.segmentByteCountMax = segmentByteCountMax
    recordByteCount = FlaggedRecord.byteCount(featureCount: featureCount)
    kept = KeptRecords(byteCountMax: keptByteCountMax, recordByteCount: recordByteCount)
    self.lock = lock
  }

  /// Writes whole records, numbered on from `nextNumber`, to the file: when this returns they
  /// survive the end of the process. Where this throws (such as on a full disk) the journal has
  /// none of them, and the call can be repeated. Traps for records that are not whole, that are no
  /// flagged records, or whose numbers do not follow, and after `finish`.
  public func append(_ records: UnsafeRawBufferPointer) throws {
    precondition(!isFinished, "the journal is closed")
    precondition(records.count % recordByteCount == 0, "not whole records")
    guard let base = records.baseAddress, records.count > 0 else { return }
    let count = records.count / recordByteCount
    checkNumbers(base, count: count)
    try makeRoom(for: count)
    if openByteCount > 0, openByteCount + records.count > segmentByteCountMax {
      try endSegment()
    }
    try reserve(count)
    if current == nil { try openSegment() }
    let isFirst = openByteCount == 0
    try current?.append(records)
    if isFirst { currentFirstNumber = nextNumber }
    kept.keep(records, firstNumber: nextNumber)
    nextNumber += UInt64(count)
    lastNumber = nextNumber - 1
    for offset in stride(from: 0, to: records.count, by: recordByteCount) {
      account.open.add(base + offset, featureCount: featureCount)
    }
  }

  /// Returns when `count` more records can be kept in memory until they are on the disk.
  private func makeRoom(for count: Int) throws {
    if kept.hasRoom(for: count) { return }
    noteDurable()
    if kept.hasRoom(for: count) { return }
    try synchroniseRecords()
    if !kept.hasRoom(for: count) { kept.grow(to: count) }
  }

  /// Returns when the next numbers are reserved: at once, unless the disk has not kept up.
  private func reserve(_ count: Int) throws {
    let last = nextNumber + UInt64(count)
    if numbers.covers(number: last, segment: nextSegmentIndex) { return }
    guard last < NumberReservation.numberMax else {
      throw FileFault(
        file: folder, found: "number \(last)", expected: "numbers below 2^63",
        remedy: "begin a new journal folder")
    }
    try numbers.extend(
      numbers: last + NumberReservation.recordBlock,
      segments: UInt64(nextSegmentIndex) + NumberReservation.segmentBlock)
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

  /// Where the name is taken this throws, and the next try takes the next one: otherwise a file that
  /// somebody put there, or one whose making failed half way, would stop the journal for good.
  private func openSegment() throws {
    let name = try SegmentName.following(nextSegmentIndex - 1, kind: .flagged, folder: folder)
    do {
      current = try OpenSegment(name, in: store)
    } catch {
      if error.code == EEXIST { nextSegmentIndex = name.index + 1 }
      throw error
    }
    lastSegmentIndex = name.index
    nextSegmentIndex = name.index + 1
  }

  /// Ends the open segment, where there is one with records; the next record begins another. The
  /// next synchronisation closes it.
  public func endSegment() throws {
    collectClosed()
    // Segments must not pile up where a disk takes bytes but never confirms them.
    if closings.count >= Self.closingsMax {
      try repairFailed()
      try closings[0].run()
      collectClosed()
    }
    guard openByteCount > 0 else { return }
    try current?.settle()
    guard let segment = current.take() else { return }
    closings.append(
      segment.closing(
        firstNumber: currentFirstNumber, recordByteCount: recordByteCount,
        summary: account.takeOpen(), writtenS: nowS))
  }

  /// Notes the records that are on the disk, and the segments that have their final names.
  func collectClosed() {
    noteDurable()
    while let closing = closings.first, closing.isClosed {
      closings.removeFirst()
      var segment = closing.segment
      segment.name = segment.name.closed
      segment.recordsBefore = segments.last.map { $0.recordsBefore + $0.recordCount } ?? 0
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
  /// While unpublished records are being deleted it remembers only the records before them, since
  /// they may still be there when the next process begins.
  public func setPublished(_ number: UInt64) throws {
    precondition(number >= publishedNumber, "what was published stays so")
    precondition(number <= max(lastNumber, publishedNumber), "published before it was journaled")
    collectRemoved()
    let number = min(number, (removal?.firstUnpublished).map { $0 - 1 } ?? .max)
    guard number > publishedNumber else { return }
    try cursor.advance(to: number)
    publishedNumber = number
  }

  /// Closes the segment and writes the manifest; see `close()` and `writeManifest(extras:)`.
  @discardableResult
  public func finish(extras: JSONObject = [:]) throws -> RunManifest {
    try close()
    return try writeManifest(extras: extras)
  }

  /// Closes the segment; nothing can be appended any more. When this returns all records are on the
  /// disk, and the next process continues with the next number.
  public func close() throws {
    precondition(!isFinished, "the journal is closed")
    try endSegment()
    if openByteCount == 0, var empty = current.take() {
      _ = try empty.close(recordByteCount: recordByteCount)
    }
    try synchronise()
    collectRemoved()
    isFinished = true
    try numbers.end(nextNumber: nextNumber, nextSegment: nextSegmentIndex)
  }

  /// Writes the manifest, with `extras` as sections beside its fields. Segments that an earlier
  /// process left without one are read through once for it. Where this throws, the old manifest
  /// stays.
  @discardableResult
  public func writeManifest(extras: JSONObject = [:]) throws -> RunManifest {
    collectRemoved()
    try forgetMovedAway()
    var manifest = try account.manifest(
      store: store, closed: segments, featureCount: featureCount,
      featureNames: featureNames)
    manifest.extras = extras
    try manifest.write(in: store)
    return manifest
  }

  /// Forgets closed segments whose files somebody else has moved away.
  private func forgetMovedAway() throws {
    let present = Set(try store.names())
    for segment in segments where !present.contains(segment.name.description) {
      forgetMovedAway(segment.name)
    }
  }
}
