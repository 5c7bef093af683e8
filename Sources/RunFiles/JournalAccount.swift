internal import DurableFiles
internal import EventRecords

/// The content of a journal's manifest, kept segment by segment while the journal grows and its
/// oldest segments are deleted. Closing the journal then needs not read all of it again.
struct JournalAccount {
  /// Counts over the records of the open segment.
  var open = RunTally(kind: .flagged)
  /// Closed segments that are counted already, by name; each has its summary.
  var segments: [String: RunManifest.Segment] = [:]

  /// Begins with the entries of an earlier manifest whose segments are still there.
  init(manifest: RunManifest?, segments present: [JournalSegment]) {
    guard let manifest, manifest.kind == .flagged else { return }
    let listed = manifest.segmentsByName
    for segment in present {
      let name = segment.name.description
      // Another segment of the same name may be there, after somebody has cleared the folder. One that was
      // made longer has the records that are listed, and no others.
      if let known = listed[name], known.summary?.firstNumber == segment.firstNumber,
        known.byteCount == segment.byteCount
          || known.byteCount < segment.byteCount && known.recordCount == segment.recordCount
      {
        segments[name] = known.withShortList
      }
    }
  }

  /// The summary of the open segment. The next one begins at 0.
  mutating func takeOpen() -> RunManifest.Summary {
    defer { open = RunTally(kind: .flagged) }
    return open.summary
  }

  /// Describes the closed segments `closed`, after a look through those that are not counted yet.
  mutating func manifest(
    store: any FolderStore, closed: [JournalSegment], featureCount: Int, featureNames: [String]?
  ) throws -> RunManifest {
    var tally = RunTally(kind: .flagged)
    var listed: [RunManifest.Segment] = []
    for segment in closed {
      let segment = try counted(segment, store: store, featureCount: featureCount)
      if let summary = segment.summary { tally.add(summary) }
      listed.append(segment)
    }
    return RunManifest(
      tally: tally, featureCount: featureCount, featureNames: featureNames, segments: listed)
  }

  private mutating func counted(
    _ segment: JournalSegment, store: any FolderStore, featureCount: Int
  ) throws -> RunManifest.Segment {
    let name = segment.name.description
    if let known = segments[name] { return known }
    let file = try store.open(name, .reading)
    let recordByteCount = FlaggedRecord.byteCount(featureCount: featureCount)
    // A hole between records is hashed, too.
    let piece = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(1, (1 << 20) / recordByteCount) * recordByteCount, alignment: 64)
    defer { piece.deallocate() }
    var tally = RunTally(kind: .flagged)
    var scan = SegmentScan(kind: .flagged, featureCount: featureCount)
    var hash = SHA256Stream()
    var offset = 0
    let end = try describedByteCount(of: segment, in: file, featureCount: featureCount)
    while offset < end {
      let wanted = min(piece.count, end - offset)
      let count = try file.read(
        into: UnsafeMutableRawBufferPointer(rebasing: piece[..<wanted]), at: offset)
      let bytes = UnsafeRawBufferPointer(rebasing: piece[..<count])
      scan.add(bytes) { tally.add($0, featureCount: featureCount) }
      hash.update(bytes)
      offset += count
      if count < wanted { break }
    }
    let counted = RunManifest.Segment(
      name: name, recordCount: scan.recordCount, byteCount: offset,
      sha256: hash.digest().description, summary: tally.summary)
    segments[name] = counted
    return counted
  }

  /// How much of a segment the manifest describes: all of it, or its records where a hole is behind them.
  /// A hole was made by somebody else; hashing one would take as long as its size says.
  private func describedByteCount(
    of segment: JournalSegment, in file: any StoredFile, featureCount: Int
  ) throws(SystemCallError) -> Int {
    let records = segment.recordCount * FlaggedRecord.byteCount(featureCount: featureCount)
    return try file.hole(from: records) == nil ? try file.status().byteCount : records
  }
}

extension RunManifest.Segment {
  /// The entry with no more sources in its summary than a journal lists. An earlier version listed
  /// all.
  fileprivate var withShortList: Self {
    guard let listed = summary, listed.sources.count > RunTally.listedMax(.flagged) else {
      return self
    }
    var tally = RunTally(kind: .flagged)
    tally.add(listed)
    var short = self
    short.summary?.sources = tally.sources
    short.summary?.unlistedCount = tally.unlistedCount
    return short
  }
}
