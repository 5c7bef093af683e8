internal import DurableFiles
internal import EventRecords
internal import Glibc

/// The files of a run and their kinds, before their records are read.
struct RunContent {
  let kind: RunKind
  let featureCount: Int
  let manifest: RunManifest?
  let parts: [Part]
  let notes: [String]
  /// The faults of a journal.
  let damage: [String]
  /// Whether it is a folder of flagged records. Damage in one is noted, and the rest is read.
  let isJournal: Bool
  /// The records that retention has deleted from a journal.
  let deleted: DeletedRecords
  /// Whether its writer ended before the run was finished.
  let isUnfinished: Bool

  /// A segment's file, or what was set aside in its place.
  enum Part {
    case open(MappedFile)
    case file(String, isOfJournal: Bool)
    case aside

    /// The file; nil for a segment of a journal that cannot be read, which `damage` reports.
    func mapped(_ damage: inout [String]) throws(SystemCallError) -> MappedFile? {
      switch self {
      case .open(let file): return file
      case .aside: return nil
      case .file(let path, let isOfJournal):
        do throws(SystemCallError) {
          return try MappedFile(path)
        } catch {
          guard isOfJournal, error.isNoRegularFile || error.code == ENOENT || error.code == EIO
          else { throw error }
          damage.append("\(error)")
          return nil
        }
      }
    }
  }

  /// One segment. What it holds is told by its first bytes, its name may be any.
  init(segment path: String) throws {
    let file = try MappedFile(path)
    kind = try runKind(of: file)
    guard let featureCount = kind.featureCount(from: file.bytes) else {
      throw FileFault(
        file: path, place: "record 0, byte 0", found: "no whole record",
        expected: "a record of \(kind.rawValue) that tells D",
        remedy: "give the run's folder, whose manifest tells it")
    }
    self.featureCount = featureCount
    manifest = nil
    parts = [.open(file)]
    notes = []
    damage = []
    isJournal = false
    deleted = DeletedRecords()
    isUnfinished = false
  }

  /// A folder of segments, with or without a manifest.
  init(folder path: String) throws {
    let folder = try RunFolder(path)
    let (manifest, manifestFault) = try folder.readManifest()
    guard let kind = folder.kind ?? manifest?.kind else {
      throw folder.isNoRun
    }
    if kind == .events, let manifest, manifest.kind != kind {
      throw FileFault(
        file: folder.manifestPath, place: "kind", found: manifest.kind.rawValue,
        expected: "\(kind.rawValue), as the segments are")
    }
    guard let featureCount = try folder.featureCount() else {
      throw FileFault(
        file: path, found: "no whole record and no manifest", expected: "one that tells D")
    }
    let isJournal = kind == .flagged
    let isForeign = manifest.map { $0.kind != kind || $0.featureCount != featureCount } ?? false
    self.kind = kind
    self.featureCount = featureCount
    self.manifest = isForeign ? nil : manifest
    self.isJournal = isJournal
    deleted = try isJournal ? DeletedRecords(inFolder: path) : DeletedRecords()
    isUnfinished = folder.state == .unfinished
    notes = try Self.compare(self.manifest, with: folder)
    var damage =
      [
        isJournal && isUnfinished ? RunFolder.unfinishedText : nil, manifestFault,
        isForeign ? "\(folder.manifestPath): not this journal's" : nil, deleted.note,
      ]
      .compactMap(\.self) + folder.asideNames.map { "\($0): set aside as damaged" }
    let copies =
      isJournal ? Self.copies(in: folder, featureCount: featureCount, manifest: self.manifest) : []
    damage += copies.map {
      "\($0.name): left out: its numbers \($0.firstNumber) to \($0.lastNumber) do not go with those of "
        + "other segments"
    }
    parts = Self.parts(of: folder, isJournal: isJournal, without: Set(copies.map(\.name)))
    self.damage = damage
  }

  /// Segments whose numbers others have, as a daemon would leave them out at its start.
  private static func copies(
    in folder: RunFolder, featureCount: Int, manifest: RunManifest?
  ) -> [JournalSegment] {
    // A segment that cannot be read is told when it is mapped.
    folder.segments.compactMap {
      try? SegmentLook($0, in: folder.store, featureCount: featureCount).segment
    }.ascending(listedIn: manifest).left
  }

  /// The segments, and those set aside, in the order of their numbers.
  private static func parts(
    of folder: RunFolder, isJournal: Bool, without copies: Set<SegmentName>
  ) -> [Part] {
    let present = folder.segments.filter { !copies.contains($0) }.map { name in
      (index: name.index, part: Part.file(folder.path(of: name), isOfJournal: isJournal))
    }
    guard isJournal else { return present.map(\.part) }
    let aside = folder.asideNames.compactMap { name in
      SegmentName.before(aside: name).map { (index: $0.index, part: Part.aside) }
    }
    return (present + aside).sorted { $0.index < $1.index }.map(\.part)
  }

  /// Segments that the manifest lists must be there. Old segments of a journal may be moved away,
  /// and a journal may grow after its manifest was written.
  private static func compare(
    _ manifest: RunManifest?, with folder: RunFolder
  ) throws(FileFault) -> [String] {
    guard let manifest else {
      switch folder.state {
      case .beingWritten: return ["it is still being written; its whole records so far are used"]
      case .unfinished: return [RunFolder.unfinishedText + "; its whole records are used"]
      case .closed, .journal:
        return [
          "there is no manifest.json, since the run is still being written or its writer did not end "
            + "in order; its whole records are used"
        ]
      }
    }
    let present = Set(folder.segments.map(\.description))
    let listed = Set(manifest.segments.map(\.name))
    var notes: [String] = []
    for name in listed.subtracting(present).sorted() {
      guard manifest.kind == .flagged else {
        throw FileFault(
          file: folder.path, found: "no \(name)", expected: "the segments that the manifest lists",
          remedy: "get the missing file again")
      }
      notes.append("\(name) is in manifest.json, and was deleted or moved away")
    }
    for name in present.subtracting(listed).sorted() {
      guard manifest.kind == .flagged else {
        throw FileFault(
          file: folder.path, found: "a segment \(name)",
          expected: "no others than those that the manifest lists",
          remedy: "move it away, or read it by itself")
      }
      notes.append("\(name) was written after manifest.json, and is used")
    }
    return notes
  }
}

/// The kind of a segment, by its first bytes; by its name where it is empty.
func runKind(of file: MappedFile) throws(FileFault) -> RunKind {
  defer { withExtendedLifetime(file) {} }
  if let base = file.bytes.baseAddress, file.bytes.count >= 4 {
    let magic = base.loadUnaligned(as: UInt32.self)
    if magic == EventRecord.magic { return .events }
    if magic == FlaggedRecord.magic { return .flagged }
  } else if file.bytes.isEmpty, let name = SegmentName(lastComponent(file.path)) {
    return name.kind
  }
  throw FileFault(
    file: file.path, place: "byte 0", found: printable(file.bytes.prefix(4)),
    expected: "\"TMSE\" (event records) or \"TMSF\" (flagged records)",
    remedy:
      "give a run, one of its segments, or a .npy file; models and calibrations have options, and "
      + "docs/python.md makes a run of CSV, Parquet, HDF5 and ROOT")
}

/// A few bytes for a message: as text where they are ASCII, else in hexadecimal.
func printable(_ bytes: some Collection<UInt8>) -> String {
  if bytes.isEmpty { return "nothing" }
  if bytes.allSatisfy({ 0x20...0x7E ~= $0 }) {
    return "\"\(String(decoding: bytes, as: UTF8.self))\""
  }
  let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
  return "bytes " + digits.joined(separator: " ")
}
