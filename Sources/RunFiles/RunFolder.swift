package import DurableFiles
internal import Glibc

/// The files of a run folder, by their names.
struct RunFolder {
  static let manifestName = "manifest.json"
  /// More than any manifest: of a journal with eight thousand segments, each of 128 sources, or of
  /// version 0.1.0 with 100,000 runs.
  static let manifestByteCountMax = 256 << 20
  /// A manifest that is being written.
  static let newManifestName = manifestName + replacementSuffix
  /// The files of a run beside its segments; `remove_run` in CLinux names the same.
  static let fileNames = [manifestName, newManifestName, decisionsFileName]

  let store: any FolderStore
  /// In order; all of one kind, no index twice unless that was asked for.
  let segments: [SegmentName]
  let hasManifest: Bool
  /// Files that are no part of a run, those set aside among them.
  let otherNames: [String]

  /// Lists the folder at `path`.
  init(_ path: String) throws { try self.init(DiskFolder(path)) }

  /// Lists `store`. `allowsTwins`: a segment may stand under two names, which opening a journal mends.
  init(_ store: any FolderStore, allowsTwins: Bool = false) throws {
    let names = try store.names()
    self.store = store
    segments = names.compactMap(SegmentName.init).sorted()
    hasManifest = names.contains(Self.manifestName)
    otherNames = names.filter { SegmentName($0) == nil && $0 != Self.manifestName }
    for (earlier, later) in zip(segments, segments.dropFirst()) {
      try refuse(earlier, beside: later, allowsTwins: allowsTwins)
    }
  }

  var path: String { store.path }
  /// Segments that were set aside as damaged, and manifests.
  var asideNames: [String] { otherNames.filter { $0.contains(asideSuffix) } }
  /// The kind of the segments; nil where there are none.
  var kind: RunKind? { segments.first?.kind }

  /// How far the writer of a run has come.
  enum State {
    case closed
    /// A run that a command is writing now.
    case beingWritten
    /// The writer of a run ended before it was finished.
    case unfinished
    /// The journal of a daemon, which has a manifest only after an orderly end.
    case journal
  }

  /// Looks whether a writer holds the folder.
  var state: State {
    if hasManifest { return .closed }
    if otherNames.contains(FlaggedJournal.lockName) { return .journal }
    return HeldFolder.isHeld(path) ? .beingWritten : .unfinished
  }

  /// Nothing in the folder is of a run: what it has instead, and how to learn what that is.
  var isNoRun: FileFault {
    let others = otherNames.filter { !$0.hasPrefix(".") }.sorted()
    return FileFault(
      file: path,
      found: others.first.map { "a folder of other files, such as \($0)" } ?? "an empty folder",
      expected: "a run (000001.events, manifest.json)",
      remedy: others.isEmpty ? nil : "`tamis inspect \(joined(path, "*"))` says what its files are")
  }

  static let unfinishedText =
    "not finished: there is no manifest.json, since the writer was killed or could not go on, or since "
    + "somebody has removed it; what should have come after the last record is missing"

  /// The manifest. A journal continues without one; the fault of a damaged one is reported in
  /// words.
  /// - Throws: `FileFault` for a damaged manifest of another run, `SystemCallError`.
  func readManifest() throws -> (manifest: RunManifest?, fault: String?) {
    if kind == .events { return (try RunManifest.read(in: store), nil) }
    return try RunManifest.readIfSound(in: store)
  }

  func path(of segment: SegmentName) -> String { joined(path, segment.description) }
  var manifestPath: String { joined(path, Self.manifestName) }

  private func refuse(
    _ earlier: SegmentName, beside later: SegmentName, allowsTwins: Bool
  ) throws(FileFault) {
    if earlier.kind != later.kind {
      throw FileFault(
        file: path, found: "both \(earlier) and \(later)",
        expected: "segments of events or of flagged records, not of both",
        remedy: "keep the journal and the recorded run in folders of their own")
    }
    if earlier.index == later.index, !allowsTwins {
      throw FileFault(
        file: path, found: "both \(earlier) and \(later)", expected: "one segment of a number",
        remedy: "look at both with `tamis inspect` and move one away")
    }
  }
}

/// The file beside the segments that says what decided the records of a flagged run or a journal.
package let decisionsFileName = "decisions.jsonl"

/// Whether a folder has a segment or a manifest.
package func isRunFolder(_ path: String) throws -> Bool {
  let names = try DiskFolder(path).names()
  return names.contains { $0 == RunFolder.manifestName || SegmentName($0) != nil }
}

/// Whether `path` is a folder; throws where there is nothing.
package func isFolder(_ path: String) throws(SystemCallError) -> Bool {
  var status = stat()
  try retryingOnInterrupt("open", file: path) { stat(path, &status) }
  return status.st_mode & S_IFMT == S_IFDIR
}
