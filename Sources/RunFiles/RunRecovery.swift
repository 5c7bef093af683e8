internal import DurableFiles
internal import EventRecords
internal import Glibc
internal import NumberText

/// The changes that `recoverRun` made to a run folder after a crash.
public struct RunRecovery: Equatable, Sendable {
  /// One segment that was still open.
  public struct Segment: Equatable, Sendable {
    /// Its file name now; nil where it held no whole record and was removed or set aside.
    public var name: String?
    /// The name it had.
    public var openName: String
    /// Records kept.
    public var recordCount: Int
    /// Bytes of the torn tail that were cut.
    public var cutByteCount: Int
    /// Wrong records that are followed by good ones. They are kept, since they are no torn tail.
    public var wrongRecordCount: Int
    /// Index of the first of them.
    public var firstWrongRecord: Int?
    /// The name under which a file without a good record is kept; nil where nothing was in it.
    public var asideName: String?
    /// Whether more than the last record was wrong, which no end of a process explains.
    public var isDamaged = false
  }

  /// The segments that were closed; empty where there was nothing to do.
  public var segments: [Segment] = []

  /// One line a segment, for logs.
  public var lines: [String] { lines(of: segments) }

  /// One line for each segment that is damaged, for warnings.
  public var damage: [String] { lines(of: segments.filter(\.isDamaged)) }

  private func lines(of segments: [Segment]) -> [String] {
    segments.map { segment in
      var line = "\(segment.openName): \(counted(segment.recordCount, "whole record")) kept"
      if segment.cutByteCount > 0 {
        line += ", a torn tail of \(counted(segment.cutByteCount, "byte")) cut"
      }
      if let first = segment.firstWrongRecord {
        line +=
          ", \(counted(segment.wrongRecordCount, "wrong record")) among them, first is record "
          + "\(first)"
      }
      if let name = segment.asideName { line += ", kept as \(name)" }
      return line
    }
  }
}

/// Closes the segments that a crash left open in the run folder `folder`: keeps their whole records
/// by checksum, cuts the torn tail, and gives them their final names. Must not be called while
/// another process writes there.
/// - Parameters:
///   - folder: the run folder.
///   - featureCount: D; nil takes it from the manifest or the records.
/// - Throws: `FileFault` where D cannot be told, `SystemCallError`.
@discardableResult
public func recoverRun(_ folder: String, featureCount: Int? = nil) throws -> RunRecovery {
  try recoverRun(in: DiskFolder(folder), featureCount: featureCount)
}

func recoverRun(in store: any FolderStore, featureCount: Int? = nil) throws -> RunRecovery {
  let listing = try RunFolder(store)
  var recovery = RunRecovery()
  guard listing.segments.contains(where: \.isOpen) else { return recovery }
  let known = try featureCount ?? listing.featureCount()
  for name in listing.segments where name.isOpen {
    recovery.segments.append(try recoverSegment(name, in: store, featureCount: known))
  }
  return recovery
}

private func recoverSegment(
  _ name: SegmentName, in store: any FolderStore, featureCount: Int?
) throws -> RunRecovery.Segment {
  let file = try store.open(name.description, .writing)
  let byteCount = try file.status().byteCount
  guard let featureCount = featureCount ?? smallestFeatureCount(name.kind, byteCount) else {
    throw FileFault(
      file: file.path, place: "byte 0", found: "no whole record to tell D by",
      expected: "a record of \(name.kind.rawValue)",
      remedy: "move the file away if it is none of the run's")
  }
  let (scan, isBlank) = try rewritten(
    file, byteCount: byteCount, kind: name.kind, featureCount: featureCount)
  var result = RunRecovery.Segment(
    name: nil, openName: name.description, recordCount: scan.recordCount,
    cutByteCount: scan.tailByteCount, wrongRecordCount: scan.defectCount,
    firstWrongRecord: scan.defects.first?.record)
  result.isDamaged =
    scan.defectCount > 0 || scan.tailByteCount >= name.kind.byteCount(featureCount: featureCount)
  if scan.recordCount == 0 {
    // A power failure may leave a file of zeros: it is removed, and told.
    if !isBlank, byteCount >= name.kind.byteCount(featureCount: featureCount) {
      result.asideName = try store.setAside(name.description)
      return result
    }
    try store.remove(name.description)
    try store.synchronise()
    return result
  }
  if scan.tailByteCount > 0 { try file.truncate(to: byteCount - scan.tailByteCount) }
  try file.synchronise()
  do {
    try store.rename(name.description, to: name.closed.description, replacing: false)
  } catch {
    guard error.code == EEXIST else { throw error }
    throw FileFault(
      file: store.path(of: name.closed.description), found: "an existing file",
      expected: "a name that is free", remedy: "look at both with `tamis inspect`, move one away")
  }
  try store.synchronise()
  result.name = name.closed.description
  return result
}

/// Checks the records of a segment and writes each piece again as it was: what the system has in
/// memory may have failed to reach the disk in the process before, and no later synchronisation
/// would say so. Holes stay holes. Returns also whether all of it is zeros.
private func rewritten(
  _ file: any StoredFile, byteCount: Int, kind: RunKind, featureCount: Int
) throws -> (scan: SegmentScan, isBlank: Bool) {
  var scan = SegmentScan(kind: kind, featureCount: featureCount)
  var (end, isBlank) = (0, true)
  try file.forEachPiece(recordByteCount: kind.byteCount(featureCount: featureCount)) {
    (bytes, offset) throws(SystemCallError) in
    scan.skip(byteCount: offset - end)
    scan.add(bytes)
    if isBlank, scan.recordCount == 0 { isBlank = bytes.allSatisfy { $0 == 0 } }
    if !bytes.isEmpty { try file.write(bytes, at: offset) }
    end = offset + bytes.count
  }
  scan.skip(byteCount: max(0, byteCount - end))
  return (scan, isBlank)
}

/// A D for a file that is too short for a record of any D: all of it is torn.
private func smallestFeatureCount(_ kind: RunKind, _ byteCount: Int) -> Int? {
  byteCount < kind.byteCount(featureCount: 0) ? 0 : nil
}

extension RunFolder {
  /// D. For a journal the records with right checksums tell it, and otherwise the manifest. For a
  /// recorded run the manifest tells it, and otherwise the first segment whose records do.
  func featureCount() throws -> Int? {
    if kind == .events, let manifest = try RunManifest.read(in: store) {
      return manifest.featureCount
    }
    return try recordedFeatureCount() ?? readManifest().manifest?.featureCount
  }

  private func recordedFeatureCount() throws -> Int? {
    let head = UnsafeMutableRawBufferPointer.allocate(
      byteCount: RunKind.flagged.byteCount(featureCount: EventRecord.featureCountMax),
      alignment: 64)
    defer { head.deallocate() }
    for name in segments {
      guard try store.status(of: name.description)?.isRegular ?? false else { continue }
      let count = try store.open(name.description, .reading).read(into: head, at: 0)
      let bytes = UnsafeRawBufferPointer(rebasing: head[..<count])
      if let found = name.kind.featureCount(from: bytes) { return found }
    }
    return nil
  }
}
