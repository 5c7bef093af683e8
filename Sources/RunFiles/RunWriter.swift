internal import DurableFiles
internal import EventRecords
internal import Glibc
public import StrictJSON

/// Writes a run folder: segments `NNNNNN.events` or `NNNNNN.flagged` of whole records, and a
/// manifest at the end. It holds the folder meanwhile: a second writer is refused. The open segment
/// bears the suffix `.writing`; a writer that ends without `finish` leaves it like that, for
/// `recoverRun`, or discards the run. One thread owns it.
public final class RunWriter {
  /// The fate of a run that is not finished.
  public enum Unfinished: Sendable {
    /// Its records stay: they cannot be had again.
    case isKept
    /// It is removed, also by a signal that ends the process.
    case isDiscarded
  }

  /// The default of the size at which a segment ends: 1 GiB.
  public static let segmentByteCountDefault = 1 << 30

  /// The folder.
  public let folder: String
  /// Event or flagged records.
  public let kind: RunKind
  /// D.
  public let featureCount: Int
  private let store: DiskFolder
  private let hold: HeldFolder
  private let discard: DiscardedRun?
  private let featureNames: [String]?
  private let recordByteCount: Int
  private let segmentByteCountMax: Int
  private var tally: RunTally
  private var segments: [RunManifest.Segment] = []
  private var current: OpenSegment?
  private let buffer: UnsafeMutableRawBufferPointer
  private var bufferedByteCount = 0
  private var isFinished = false

  /// Records taken so far.
  public var recordCount: Int { Int(tally.recordCount) }

  /// Begins a run in `folder`, which is made where it is missing (its parent must exist). Traps
  /// where D is not in 0 ... 65535, or `featureNames` are not D.
  /// - Parameters:
  ///   - folder: the run folder.
  ///   - kind: what the records are.
  ///   - featureCount: D, 0 ... 65535.
  ///   - featureNames: D names, or nil; they give the manifest's schema.
  ///   - segmentByteCountMax: where a segment ends; at least one record goes into each.
  ///   - replacing: whether a run that is there, finished or not, is replaced. Its segments and its
  ///     manifest are removed, and no other file.
  ///   - unfinished: the fate of the run where the writer goes without `finish`.
  /// - Throws: `FileFault` for a folder that is not empty, or with `replacing` for one that is no run,
  ///   is a daemon's journal, or is being written; `SystemCallError`.
  public init(
    folder: String, kind: RunKind, featureCount: Int, featureNames: [String]? = nil,
    segmentByteCountMax: Int = segmentByteCountDefault, replacing: Bool = false,
    unfinished: Unfinished = .isKept
  ) throws {
    precondition(0...EventRecord.featureCountMax ~= featureCount)
    precondition(featureNames == nil || featureNames?.count == featureCount)
    let store = DiskFolder(folder)
    let isNew = (try? isFolder(folder)) == nil
    try store.make()
    hold = try store.hold()
    try clearForRun(store, replacing: replacing)
    discard = unfinished == .isDiscarded ? DiscardedRun(store, kind: kind, isNew: isNew) : nil
    self.folder = folder
    self.store = store
    self.kind = kind
    self.featureCount = featureCount
    self.featureNames = featureNames
    self.segmentByteCountMax = segmentByteCountMax
    recordByteCount = kind.byteCount(featureCount: featureCount)
    tally = RunTally(kind: kind)
    // Whole records, some 1 MiB of them, so that every write to the file is one of whole records.
    let bufferedRecordCount = max(1, (1 << 20) / recordByteCount)
    buffer = .allocate(byteCount: bufferedRecordCount * recordByteCount, alignment: 64)
  }

  deinit {
    if let discard, !isFinished { discard.remove() } else { try? flush() }
    buffer.deallocate()
  }

  /// Appends whole records of the run's kind and D, one or more. They are written to the file about
  /// a MiB at a time, and at `flush`. Traps for other bytes, and after `finish`.
  public func append(records: UnsafeRawBufferPointer) throws {
    precondition(!isFinished, "the run is closed")
    precondition(records.count % recordByteCount == 0, "not whole records")
    guard let base = records.baseAddress else { return }
    for offset in stride(from: 0, to: records.count, by: recordByteCount) {
      let event = kind.event(at: base + offset, featureCount: featureCount)
      precondition(event.magic == EventRecord.magic && event.featureCount == featureCount)
      if mustRotate { try closeSegment() }
      if bufferedByteCount == buffer.count { try flush() }
      UnsafeMutableRawBufferPointer(rebasing: buffer[bufferedByteCount...])
        .copyMemory(from: UnsafeRawBufferPointer(start: base + offset, count: recordByteCount))
      bufferedByteCount += recordByteCount
      tally.add(base + offset, featureCount: featureCount)
    }
  }

  private var mustRotate: Bool {
    let byteCount = (current?.byteCount ?? 0) + bufferedByteCount
    return byteCount > 0 && byteCount + recordByteCount > segmentByteCountMax
  }

  /// Hands all records to the operating system: they survive the end of this process.
  public func flush() throws {
    guard bufferedByteCount > 0 else { return }
    if current == nil {
      let name = try nextSegmentName()
      discard?.extend(to: name.index)
      current = try OpenSegment(name, in: store)
    }
    try current?.append(UnsafeRawBufferPointer(rebasing: buffer[..<bufferedByteCount]))
    bufferedByteCount = 0
  }

  /// Returns when all records are on the disk: they survive a power failure.
  public func synchronise() throws {
    try flush()
    try current?.synchronise()
  }

  private func nextSegmentName() throws -> SegmentName {
    try SegmentName.following(segments.count, kind: kind, folder: folder)
  }

  private func closeSegment() throws {
    try flush()
    if let closed = try current?.close(recordByteCount: recordByteCount) {
      segments.append(closed)
    }
    current = nil
  }

  /// Closes the last segment and writes the manifest. `extras` become sections of their own beside
  /// its fields. Nothing can be appended afterwards.
  @discardableResult
  public func finish(extras: JSONObject = [:]) throws -> RunManifest {
    precondition(!isFinished, "the run is closed")
    try closeSegment()
    var manifest = RunManifest(
      tally: tally, featureCount: featureCount, featureNames: featureNames, segments: segments)
    manifest.extras = extras
    try manifest.write(in: store)
    isFinished = true
    discard?.forget()
    return manifest
  }
}
