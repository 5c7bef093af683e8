public import DurableFiles

/// A run on disk, read where it lies: a folder of segments, or one segment by itself. The records
/// are mapped into memory and checked when they are asked for.
///
/// A segment that is still open, or was left open by a crash, is read as far as its whole records
/// go; `notes` say so.
public final class RecordedRun: Sendable {
  /// The folder or the segment, as given.
  public let path: String
  /// Event or flagged records.
  public let kind: RunKind
  /// D.
  public let featureCount: Int
  /// The manifest; nil for a segment, and for a run that was not closed.
  public let manifest: RunManifest?
  /// What the user should know: open segments, torn tails, segments that are no longer there.
  public let notes: [String]
  /// What retention has deleted from a journal; nothing from any other run.
  public let deleted: DeletedRecords
  let segments: [MappedSegment]
  /// Index of the first record of each segment, and one past the last record.
  private let firstRecords: [Int]

  /// Records in all segments.
  public var recordCount: Int { firstRecords.last ?? 0 }
  /// Names of the features, where the manifest has them.
  public var featureNames: [String]? { manifest?.featureNames }

  /// Maps a run.
  /// - Throws: `FileFault` for a file that is none of a run's, cut, or missing; `SystemCallError`.
  public init(_ path: String) throws {
    self.path = path
    let content = try isFolder(path) ? RunContent(folder: path) : RunContent(segment: path)
    kind = content.kind
    featureCount = content.featureCount
    manifest = content.manifest
    deleted = content.deleted
    segments = try content.files.map {
      try MappedSegment($0, kind: content.kind, featureCount: content.featureCount)
    }
    notes = content.notes + segments.flatMap(\.notes)
    firstRecords = segments.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.recordCount) }
    if let manifest { try refuseChangedSizes(manifest) }
  }

  private func refuseChangedSizes(_ manifest: RunManifest) throws(FileFault) {
    for listed in manifest.segments {
      guard let segment = segments.first(where: { lastComponent($0.path) == listed.name }),
        segment.recordBytes.count != listed.byteCount
      else { continue }
      throw FileFault(
        file: segment.path, found: "\(segment.recordBytes.count) bytes",
        expected: "\(listed.byteCount), as the manifest says",
        remedy: "the file was changed after the run was closed; get it again")
    }
  }

  /// The segment of record `index`, and the record's index in it.
  @inline(__always)
  private func locate(_ index: Int) -> (segment: MappedSegment, record: Int) {
    precondition(0..<recordCount ~= index, "record \(index) of \(recordCount)")
    // A run has few segments, and those that are empty begin where the next begins.
    let segment = firstRecords.lastIndex { $0 <= index } ?? 0
    return (segments[segment], index - firstRecords[segment])
  }

  /// Event record `index`; in a flagged run the one that the flagged record carries. Valid as long
  /// as the run lives. Traps where there is no such record.
  /// - Throws: `FileFault` for a record whose checksum is wrong.
  public func record(at index: Int) throws(FileFault) -> EventRecordView {
    let (segment, record) = locate(index)
    try segment.check(record)
    return kind.event(at: segment.record(record), featureCount: featureCount)
  }

  /// Flagged record `index`. Traps where the run is not a flagged one or has no such record.
  public func flaggedRecord(at index: Int) throws(FileFault) -> FlaggedRecordView {
    precondition(kind == .flagged, "not a flagged run")
    let (segment, record) = locate(index)
    try segment.check(record)
    return FlaggedRecordView(segment.record(record), featureCount: featureCount)
  }

  /// All event records in order, control records included. Each is checked.
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
      for index in 0..<segment.recordCount {
        try segment.check(index)
        try body(segment.record(index))
      }
    }
  }

  /// SHA-256 over all records in order, however they are divided into segments. For a run of one
  /// segment it is that of the file. Reads the whole run.
  public func sha256() -> SHA256Digest {
    var hash = SHA256Stream()
    for segment in segments { hash.update(segment.recordBytes) }
    return hash.digest()
  }
}
