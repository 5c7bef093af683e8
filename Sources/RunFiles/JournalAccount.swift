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
      // Another segment of the same name may be there, after somebody has cleared the folder.
      if let known = listed[name], known.byteCount == segment.byteCount,
        known.summary?.firstNumber == segment.firstNumber
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

  /// Describes the closed segments `names`, after a look through those that are not counted yet.
  mutating func manifest(
    store: any FolderStore, names: [SegmentName], featureCount: Int, featureNames: [String]?
  ) throws -> RunManifest {
    var tally = RunTally(kind: .flagged)
    var listed: [RunManifest.Segment] = []
    for name in names {
      let segment = try counted(name, store: store, featureCount: featureCount)
      if let summary = segment.summary { tally.add(summary) }
      listed.append(segment)
    }
    return RunManifest(
      tally: tally, featureCount: featureCount, featureNames: featureNames, segments: listed)
  }

  private mutating func counted(
    _ name: SegmentName, store: any FolderStore, featureCount: Int
  ) throws -> RunManifest.Segment {
    if let known = segments[name.description] { return known }
    let file = try store.open(name.description, .reading)
    var tally = RunTally(kind: .flagged)
    var scan = SegmentScan(kind: .flagged, featureCount: featureCount)
    var hash = SHA256Stream()
    var byteCount = 0
    try file.forEachPiece(recordByteCount: FlaggedRecord.byteCount(featureCount: featureCount)) {
      bytes, _ in
      scan.add(bytes) { tally.add($0, featureCount: featureCount) }
      hash.update(bytes)
      byteCount += bytes.count
    }
    let segment = RunManifest.Segment(
      name: name.description, recordCount: scan.recordCount, byteCount: byteCount,
      sha256: hash.digest().description, summary: tally.summary)
    segments[name.description] = segment
    return segment
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
