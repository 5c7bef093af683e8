internal import DurableFiles

/// What a flagged journal's manifest will say, kept while the journal grows, so that closing it
/// does not read all of it again.
struct JournalAccount {
  /// Counts over the records whose segments are in `segments`, and of the open segment.
  var tally: RunTally
  /// Closed segments that are counted already, by name.
  var segments: [String: RunManifest.Segment] = [:]

  /// Begins with what an earlier manifest says, where all of its segments are among `names` still;
  /// where some were taken away its counts are of no use.
  init(manifest: RunManifest?, names: [String], featureCount: Int) {
    if let manifest, manifest.kind == .flagged,
      manifest.segments.allSatisfy({ names.contains($0.name) })
    {
      tally = RunTally(continuing: manifest)
      segments = Dictionary(
        manifest.segments.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    } else {
      tally = RunTally(kind: .flagged)
    }
  }

  /// Describes the closed segments `names`, after a look through those that are not counted yet.
  mutating func manifest(
    folder: String, names: [SegmentName], featureCount: Int, featureNames: [String]?
  ) throws -> RunManifest {
    for name in names where segments[name.description] == nil {
      segments[name.description] = try count(name, folder: folder, featureCount: featureCount)
    }
    return RunManifest(
      tally: tally, featureCount: featureCount, featureNames: featureNames,
      segments: names.compactMap { segments[$0.description] })
  }

  private mutating func count(
    _ name: SegmentName, folder: String, featureCount: Int
  ) throws -> RunManifest.Segment {
    let file = try MappedFile(joined(folder, name.description))
    return withExtendedLifetime(file) {
      let scan = SegmentScan(file.bytes, kind: .flagged, featureCount: featureCount) {
        tally.add($0, featureCount: featureCount)
      }
      return RunManifest.Segment(
        name: name.description, recordCount: scan.recordCount, byteCount: file.bytes.count,
        sha256: SHA256Digest(of: file.bytes).description)
    }
  }
}
