public import DurableFiles
public import EventRecords
internal import NumberText

/// A stretch of a journal's numbers that is in no segment, though no process is known to have left it out.
package struct NumberGap: Equatable, Sendable {
  /// It lies between this record and the one before, or behind the last one.
  package var index: Int
  /// The number of the first record behind it. Nil where the manifest or the segment itself
  /// tells that they were there.
  package var nextNumber: UInt64?
  /// How many numbers.
  package var count: UInt64
  /// The numbers and the names, in words.
  package var description: String
}

/// A run on disk, read where it lies: a folder of segments, or one segment by itself. The records
/// are mapped into memory and checked when they are asked for.
///
/// A segment that is still open, or was left open by a crash, is read as far as its whole records
/// go; `notes` say so. Of a journal everything that can be read is read; `damage` names the rest.
public final class RecordedRun: Sendable {
  /// The folder or the segment, as given.
  public let path: String
  /// Event or flagged records.
  public let kind: RunKind
  /// D.
  public let featureCount: Int
  /// The manifest; nil for a segment, for a run that was not closed, and where a journal's is damaged.
  public let manifest: RunManifest?
  /// Notes for the user: open segments, torn tails, segments that are no longer there.
  public let notes: [String]
  /// One line for each file of a journal that is not sound.
  public let damage: [String]
  /// One line for each stretch of a journal's numbers that is in no segment though it was, as far as names,
  /// numbers and manifest tell: segments that were moved away or cut. Where a process began behind the stretch,
  /// after an end that was not orderly, it may have left out all of these numbers.
  public let missing: [String]
  /// The stretches of `missing`.
  package let gaps: [NumberGap]
  /// The records that retention has deleted from a journal; none of any other run.
  public let deleted: DeletedRecords
  let segments: [MappedSegment]
  /// Index of the first record of each segment, and one past the last record.
  private let firstRecords: [Int]
  /// Indices of records before which a whole segment of a journal cannot be read.
  private let unreadableBefore: Set<Int>
  /// Indices of `gaps`.
  private let gapIndices: Set<Int>

  /// Records in all segments.
  public var recordCount: Int { firstRecords.last ?? 0 }
  /// Names of the features, where the manifest has them.
  public var featureNames: [String]? { manifest?.featureNames }

  /// Maps a run.
  /// - Throws: `FileFault` for a file that is none of a run's, cut, or missing; `SystemCallError`.
  public convenience init(_ path: String) throws {
    try self.init(path, mappingCountMax: SegmentMappings.countMaxDefault)
  }

  /// Maps a run, of which no more than `mappingCountMax` segments are mapped at a time.
  package init(_ path: String, mappingCountMax: Int) throws {
    self.path = path
    let content = try isFolder(path) ? RunContent(folder: path) : RunContent(segment: path)
    kind = content.kind
    featureCount = content.featureCount
    manifest = content.manifest
    deleted = content.deleted
    let mappings = SegmentMappings(countMax: mappingCountMax)
    let listed = content.manifest?.segmentsByName ?? [:]
    var segments: [MappedSegment] = []
    var firstRecords = [0]
    var damage = content.damage
    var unreadableBefore: Set<Int> = []
    for part in content.parts {
      guard let file = try part.mapped(&damage) else {
        unreadableBefore.insert(firstRecords.last ?? 0)
        continue
      }
      let segment = try MappedSegment(
        file, kind: content.kind, featureCount: content.featureCount,
        isOfJournal: content.isJournal, listed: listed[lastComponent(file.path)], mappings: mappings
      )
      damage += [segment.damage].compactMap(\.self)
      segments.append(segment)
      firstRecords.append((firstRecords.last ?? 0) + segment.recordCount)
    }
    self.segments = segments
    self.firstRecords = firstRecords
    let found =
      content.isJournal
      ? MissingNumbers.find(
        in: segments, manifest: content.manifest, deleted: content.deleted,
        ofDaemon: try JournalFolder.isMarked(DiskFolder(path))) : []
    gaps = found.map {
      NumberGap(
        index: firstRecords[$0.segment] + $0.record, nextNumber: $0.nextNumber, count: $0.count,
        description: $0.description)
    }
    self.unreadableBefore = unreadableBefore
    gapIndices = Set(gaps.map(\.index))
    missing = gaps.map(\.description)
    notes =
      content.notes + segments.flatMap(\.notes)
      + (content.isUnfinished ? [Self.lastRecordText(of: segments)] : [])
    self.damage =
      damage + Self.changedSizes(segments, listed: listed).map(\.description)
  }

  /// Where a run that was not finished ends.
  private static func lastRecordText(of segments: [MappedSegment]) -> String {
    guard let last = segments.last(where: { $0.recordCount > 0 }) else {
      return "it has no whole record"
    }
    return last.read { records in
      let event = last.kind.event(
        at: records[last.recordCount - 1], featureCount: last.featureCount)
      return "its last whole record is sequence \(event.sequence) of run \(event.run), source "
        + "\(event.source)" + (event.kind == .endOfRun ? ", the end of that run" : "")
    }
  }

  /// Segments of a journal that are not as long as the manifest says; of those that are longer
  /// the segment itself has told.
  private static func changedSizes(
    _ segments: [MappedSegment], listed: [String: RunManifest.Segment]
  ) -> [FileFault] {
    segments.compactMap { segment in
      guard let expected = listed[lastComponent(segment.path)]?.byteCount,
        segment.byteCount != expected, segment.byteCount < expected || segment.damage == nil
      else { return nil }
      return FileFault(otherSize: segment.byteCount, expected: expected, file: segment.path)
    }
  }

  /// Segment and place in it of record `index`. O(log segments).
  @inline(__always)
  private func locate(_ index: Int) -> (segment: MappedSegment, record: Int) {
    precondition(0..<recordCount ~= index, "record \(index) of \(recordCount)")
    // Segments that are empty begin where the next begins.
    let segment = firstRecords.indices.partitionPoint { firstRecords[$0] <= index } - 1
    return (segments[segment], index - firstRecords[segment])
  }

  /// Event record `index`; in a flagged run the one that the flagged record carries. Valid as long
  /// as the run lives. In a run of more than 16,384 segments it is valid until 16,384 other
  /// segments were read. Traps where there is no such record.
  /// - Throws: `FileFault` for a record whose checksum is wrong.
  public func record(at index: Int) throws(FileFault) -> EventRecordView {
    let (segment, record) = locate(index)
    return try segment.read { (records) throws(FileFault) in
      try records.check(record)
      return kind.event(at: records[record], featureCount: featureCount)
    }
  }

  /// Flagged record `index`, valid as long as that of `record(at:)`. Traps where the run is not a
  /// flagged one or has no such record.
  /// - Throws: `FileFault` for a record whose checksum is wrong.
  public func flaggedRecord(at index: Int) throws(FileFault) -> FlaggedRecordView {
    precondition(kind == .flagged, "not a flagged run")
    let (segment, record) = locate(index)
    return try segment.read { (records) throws(FileFault) in
      try records.check(record)
      return FlaggedRecordView(records[record], featureCount: featureCount)
    }
  }

  /// Whether a whole segment between record `index` and the one before, or behind the last one, cannot
  /// be read, or is one of `missing`.
  public func isCut(before index: Int) -> Bool {
    isUnreadable(before: index) || gapIndices.contains(index)
  }

  /// Whether a segment that is there, between record `index` and the one before, cannot be read.
  package func isUnreadable(before index: Int) -> Bool { unreadableBefore.contains(index) }

  /// All event records in order, control records among them; each is checked.
  public func forEachRecord(_ body: (EventRecordView) throws -> Void) throws {
    try forEach { try body(kind.event(at: $0, featureCount: featureCount)) }
  }

  /// All flagged records in order. Traps where the run is not a flagged one.
  public func forEachFlaggedRecord(_ body: (FlaggedRecordView) throws -> Void) throws {
    precondition(kind == .flagged, "not a flagged run")
    try forEach { try body(FlaggedRecordView($0, featureCount: featureCount)) }
  }

  private func forEach(_ body: (UnsafeRawPointer) throws -> Void) throws {
    for segment in segments {
      try segment.read { records in
        for index in 0..<segment.recordCount {
          try records.check(index)
          try body(records[index])
        }
      }
    }
  }

  /// SHA-256 over all records in order, however they are divided into segments. For a run of one
  /// segment it is that of the file. Reads the whole run.
  public func sha256() -> SHA256Digest {
    var hash = SHA256Stream()
    for segment in segments { segment.read { hash.update($0.bytes) } }
    return hash.digest()
  }
}
