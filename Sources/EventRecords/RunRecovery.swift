internal import DurableFiles
internal import Glibc

/// What `recoverRun` did to a run folder after a crash.
public struct RunRecovery: Equatable, Sendable {
  /// One segment that was still open.
  public struct Segment: Equatable, Sendable {
    /// Its file name now; nil where it held no whole record and was removed.
    public var name: String?
    /// The name it had.
    public var openName: String
    /// Records kept.
    public var recordCount: Int
    /// Bytes of the torn tail that were cut.
    public var cutByteCount: Int
    /// Wrong records that have good ones behind them: kept, for they are no torn tail.
    public var wrongRecordCount: Int
    /// Index of the first of them.
    public var firstWrongRecord: Int?
  }

  /// The segments that were closed; empty where nothing had to be done.
  public var segments: [Segment] = []

  /// One line a segment, for logs.
  public var lines: [String] {
    segments.map { segment in
      var line = "\(segment.openName): \(segment.recordCount) whole records kept"
      if segment.cutByteCount > 0 {
        line += ", a torn tail of \(segment.cutByteCount) bytes cut"
      }
      if let first = segment.firstWrongRecord {
        line += ", \(segment.wrongRecordCount) wrong records among them, first is record \(first)"
      }
      return line
    }
  }
}

/// Closes the segments that a crash left open in the run folder `folder`: keeps their whole records
/// by checksum, cuts the torn tail, and gives them their final names. Must not be called while
/// another process writes there.
/// - Parameter featureCount: D; nil takes it from the manifest or the records.
/// - Throws: `FileFault` where D cannot be told, `SystemCallError`.
@discardableResult
public func recoverRun(_ folder: String, featureCount: Int? = nil) throws -> RunRecovery {
  let listing = try RunFolder(folder)
  var recovery = RunRecovery()
  guard listing.segments.contains(where: \.isOpen) else { return recovery }
  let known = try featureCount ?? listing.featureCount()
  for name in listing.segments where name.isOpen {
    recovery.segments.append(try recoverSegment(name, in: listing, featureCount: known))
  }
  return recovery
}

private func recoverSegment(
  _ name: SegmentName, in folder: RunFolder, featureCount: Int?
) throws -> RunRecovery.Segment {
  let path = folder.path(of: name)
  let file = try MappedFile(path)
  let byteCount = file.bytes.count
  guard let featureCount = featureCount ?? smallestFeatureCount(name.kind, byteCount) else {
    throw FileFault(
      file: path, place: "byte 0", found: "no whole record to tell D by",
      expected: "a record of \(name.kind.rawValue)",
      remedy: "move the file away if it is none of the run's")
  }
  let scan = withExtendedLifetime(file) {
    SegmentScan(file.bytes, kind: name.kind, featureCount: featureCount)
  }
  var result = RunRecovery.Segment(
    name: nil, openName: name.description, recordCount: scan.recordCount,
    cutByteCount: scan.tailByteCount, wrongRecordCount: scan.defectCount,
    firstWrongRecord: scan.defects.first?.record)
  if scan.recordCount == 0 {
    try retryingOnInterrupt("remove", file: path) { unlink(path) }
    try synchroniseFolder(of: path)
    return result
  }
  let handle = try OpenFile(opening: path, flags: O_RDWR)
  if scan.tailByteCount > 0 { try handle.truncate(to: byteCount - scan.tailByteCount) }
  try handle.synchronise()
  try renameExclusively(from: path, to: folder.path(of: name.closed))
  result.name = name.closed.description
  return result
}

/// A D for a file that is too short for a record of any D: all of it is torn.
private func smallestFeatureCount(_ kind: RunKind, _ byteCount: Int) -> Int? {
  byteCount < kind.byteCount(featureCount: 0) ? 0 : nil
}

extension RunFolder {
  /// D by the manifest, else by the first segment whose records tell it.
  func featureCount() throws -> Int? {
    if hasManifest { return try RunManifest.read(file: manifestPath).featureCount }
    for name in segments {
      let file = try MappedFile(path(of: name))
      let found = withExtendedLifetime(file) { name.kind.featureCount(from: file.bytes) }
      if let found { return found }
    }
    return nil
  }
}
