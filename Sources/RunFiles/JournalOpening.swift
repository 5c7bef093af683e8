internal import DurableFiles
internal import Glibc
internal import NumberText

/// Opens a journal's folder and mends it. A damaged file is set aside under another name and
/// reported, but never deleted. The journal continues with the files that are sound.
struct JournalOpening {
  /// Sound segments, and the good parts of damaged ones, with ascending numbers.
  let segments: [JournalSegment]
  /// The manifest, where it is sound.
  let manifest: RunManifest?
  /// The segments that a crash had left open.
  let recovery: RunRecovery
  /// The highest number of a segment's file, those set aside among them.
  let lastSegmentIndex: Int
  /// One line for each fault that was mended.
  let notes: [String]

  /// Looks at the first and last record of each closed segment, and reads all records only of the
  /// open and the damaged ones.
  /// - Throws: `FileFault` where the journal is of another D or other feature names;
  ///   `SystemCallError`.
  init(_ store: any FolderStore, featureCount: Int, featureNames: [String]?) throws {
    let openSegments = try store.names().filter { SegmentName($0)?.isOpen ?? false }
    var notes = try store.setAsideIrregular(FlaggedJournal.fileNames + openSegments)
    let found = try RunFolder(store, allowsTwins: true)
    let (manifest, fault) = try RunManifest.readIfSound(in: store)
    if let fault {
      let name = try store.setAside(RunFolder.manifestName)
      notes.append("\(fault); kept as \(name), and made anew from the segments at the end")
    }
    self.manifest = try Self.refuseForeign(
      found, manifest: manifest, featureCount: featureCount, featureNames: featureNames)
    if let manifest, self.manifest == nil {
      let name = try store.setAside(RunFolder.manifestName)
      notes.append(
        "\(found.manifestPath): found a \(manifest.kind.rawValue) manifest of "
          + "\(counted(manifest.featureCount, "feature")), and the records have \(featureCount); "
          + "kept as \(name), and made anew from the segments at the end")
    }
    try Self.settleTwins(found.segments, in: store, featureCount: featureCount, &notes)
    recovery = try recoverRun(in: store, featureCount: featureCount)
    segments = try Self.look(
      at: store, featureCount: featureCount, manifest: self.manifest, &notes)
    notes += Self.otherSizes(segments, in: store, manifest: self.manifest)
    lastSegmentIndex = Self.lastIndex(in: try store.names())
    self.notes = notes
  }

  private static func look(
    at store: any FolderStore, featureCount: Int, manifest: RunManifest?, _ notes: inout [String]
  ) throws -> [JournalSegment] {
    var segments: [JournalSegment] = []
    for name in try RunFolder(store).segments {
      let path = store.path(of: name.description)
      switch try SegmentLook(name, in: store, featureCount: featureCount) {
      case .sound(let segment): segments.append(segment)
      case .damaged(let segment, let found):
        segments.append(segment)
        notes.append("\(path): damaged: found \(found); the rest is left out")
      case .unreadable(let found):
        let aside = try store.setAside(name.description)
        notes.append("\(path): damaged: found \(found); kept as \(aside), and left out")
      }
    }
    let (kept, left) = segments.ascending(listedIn: manifest)
    for segment in left {
      let aside = try store.setAside(segment.name.description)
      notes.append(
        "\(store.path(of: segment.name.description)): damaged: found numbers "
          + "\(segment.firstNumber) to "
          + "\(segment.lastNumber), which do not go with those of other segments; kept as "
          + "\(aside), "
          + "and left out")
    }
    return kept
  }

  /// A segment that was cut between two records looks whole.
  private static func otherSizes(
    _ segments: [JournalSegment], in store: any FolderStore, manifest: RunManifest?
  ) -> [String] {
    guard let manifest else { return [] }
    let listed = manifest.segmentsByName
    return segments.compactMap { segment in
      guard let known = listed[segment.name.description], known.byteCount != segment.byteCount,
        known.summary?.firstNumber == segment.firstNumber
      else { return nil }
      let path = store.path(of: known.name)
      return "\(path): damaged: found \(counted(segment.byteCount, "byte")), expected "
        + "\(known.byteCount), as the manifest says; what is good of it is kept"
        + (segment.byteCount > known.byteCount
          ? "; `truncate -s \(known.byteCount) \(path)` removes what was added, while no daemon runs"
          : "")
    }
  }

  /// Leaves one of the files that stand under the two names of a segment: the one with more good
  /// records. A crash may leave both names where the file system has no exclusive rename, and another
  /// program may have made a file of one of them.
  private static func settleTwins(
    _ names: [SegmentName], in store: any FolderStore, featureCount: Int, _ notes: inout [String]
  ) throws {
    for (_, twins) in Dictionary(grouping: names, by: \.index).sorted(by: { $0.key < $1.key })
    where twins.count > 1 {
      let counts = try twins.map { name in
        try SegmentLook(name, in: store, featureCount: featureCount).segment?.recordCount ?? 0
      }
      // The closed name comes first in the order of names.
      let most = counts.max() ?? 0
      let best = twins[counts.firstIndex(of: most) ?? 0]
      for other in twins where other != best {
        if try store.hasSameContent(other.description, best.description) {
          try store.remove(other.description)
          try store.synchronise()
          continue
        }
        let aside = try store.setAside(other.description)
        notes.append(
          "\(store.path(of: other.description)): found beside \(best), which has more good records or "
            + "is closed; kept as \(aside), and left out")
      }
    }
  }

  /// Returns the manifest, or nil where the records say that it is not this journal's.
  static func refuseForeign(
    _ folder: RunFolder, manifest: RunManifest?, featureCount: Int, featureNames: [String]?
  ) throws -> RunManifest? {
    let remedy = "choose another folder for this model's journal"
    if folder.kind == .events {
      throw FileFault(
        file: folder.path, found: "a recorded run", expected: "a flagged journal or a new folder",
        remedy: remedy)
    }
    if let found = try folder.featureCount(), found != featureCount {
      throw FileFault(
        file: folder.path, found: "a journal of \(counted(found, "feature"))",
        expected: "\(featureCount), as the model has", remedy: remedy)
    }
    guard let manifest, manifest.kind == .flagged, manifest.featureCount == featureCount else {
      return nil
    }
    if let found = manifest.featureNames, let featureNames, found != featureNames {
      let different = zip(found, featureNames).first { $0 != $1 }
      throw FileFault(
        file: folder.manifestPath, place: "feature_names",
        found: different.map { "\"\($0.0)\"" } ?? "other names",
        expected: different.map { "\"\($0.1)\", as the model has" } ?? "the model's names",
        remedy: remedy)
    }
    return manifest
  }

  static func lastIndex(in names: [String]) -> Int {
    names.lazy.compactMap { (SegmentName($0) ?? SegmentName.before(aside: $0))?.index }.max() ?? 0
  }
}

extension FolderStore {
  /// Whether two files hold the same bytes.
  fileprivate func hasSameContent(_ name: String, _ other: String) throws -> Bool {
    for name in [name, other] {
      guard try status(of: name)?.isRegular ?? false else { return false }
    }
    let files = (try open(name, .reading), try open(other, .reading))
    let byteCount = try files.0.status().byteCount
    guard try files.1.status().byteCount == byteCount else { return false }
    let pieces = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 << 20, alignment: 64)
    defer { pieces.deallocate() }
    let first = UnsafeMutableRawBufferPointer(rebasing: pieces[..<(1 << 20)])
    let second = UnsafeMutableRawBufferPointer(rebasing: pieces[(1 << 20)...])
    for offset in stride(from: 0, to: byteCount, by: 1 << 20) {
      let count = try files.0.read(into: first, at: offset)
      guard try files.1.read(into: second, at: offset) == count,
        first[..<count].elementsEqual(second[..<count])
      else { return false }
    }
    return true
  }
}

/// Refuses a folder whose journal a model of these features cannot go on with, as opening it would.
/// Changes nothing, and may be called beside the process that has it open.
///
/// - Throws: `FileFault` that names what was found; `SystemCallError`.
public func refuseUnfitJournal(
  folder: String, featureCount: Int, featureNames: [String]?
) throws {
  let store = DiskFolder(folder)
  try JournalFolder.refuseOther(store)
  // A manifest that cannot be read is set aside when the journal is opened.
  let manifest = try? RunManifest.readIfSound(in: store).manifest
  _ = try JournalOpening.refuseForeign(
    RunFolder(store, allowsTwins: true), manifest: manifest, featureCount: featureCount,
    featureNames: featureNames)
  do {
    try JournalNumbers.foresee(store, featureCount: featureCount)
  } catch let error as SystemCallError where error.isNoRegularFile {
    // Opening the journal sets aside anything that is no regular file.
  }
}

/// The process that has the journal in `folder` open, in words. Nil where none has, and where it
/// cannot be known. Does not take the lock.
public func journalHolder(folder: String) -> String? {
  lockHolder(joined(folder, FlaggedJournal.lockName))
}
