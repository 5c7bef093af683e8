internal import DurableFiles
internal import EventRecords
internal import Glibc
internal import NumberText
public import StrictJSON

/// Tells what a run folder, a segment or a `.npy` file is, and whether it is whole. Every record is
/// checked and every segment is hashed. Nothing is changed.
public struct RunInspection: Equatable, Sendable {
  /// One statement on the file.
  public struct Fact: Equatable, Sendable {
    /// Its name in JSON, such as `records`.
    public var name: String
    /// What is stated.
    public var value: JSONValue
    /// The statement as a line for people.
    public var line: String
  }

  /// As given.
  public let path: String
  /// What was found, in the order of reading.
  public private(set) var facts: [Fact] = []
  /// The faults: broken records, cut files, a manifest that does not agree.
  public private(set) var problems: [String] = []
  /// Whether a command is still writing the run.
  public private(set) var isBeingWritten = false
  /// Whether nothing is wrong.
  public var isWhole: Bool { problems.isEmpty }

  /// Everything as lines: the facts, then the problems.
  public var lines: [String] {
    facts.flatMap { $0.line.split(separator: "\n").map(String.init) }
      + problems.map { "problem: \($0)" }
      + [isWhole ? isBeingWritten ? "whole so far" : "whole" : "not whole"]
  }

  /// Everything as JSON.
  public var json: JSONValue {
    var object = JSONObject()
    for fact in facts where object[fact.name] == nil { object[fact.name] = fact.value }
    object["path"] = .string(path)
    object["problems"] = .array(problems.map(JSONValue.string))
    object["whole"] = .bool(isWhole)
    return .object(object)
  }

  /// Whether `path` looks like a file of the kinds that are inspected here: a folder, or a file
  /// that begins as a segment or a `.npy` does.
  public static func recognises(_ path: String) throws -> Bool {
    if try isFolder(path) { return true }
    let file = try MappedFile(path)
    return file.begins(with: NumpyHeader.magic) || (try? runKind(of: file)) != nil
  }

  /// Inspects `path`.
  /// - Throws: `FileFault` where it is no file of these kinds, or too damaged to tell;
  ///   `SystemCallError`.
  public init(_ path: String) throws {
    self.path = path
    if try isFolder(path) {
      try inspectFolder()
      return
    }
    let file = try MappedFile(path)
    if file.begins(with: NumpyHeader.magic) {
      inspectArray(file)
    } else {
      try inspectSegment(file)
    }
  }

  /// What kind of records was found; nil for an array.
  public private(set) var kind: RunKind?

  /// Adds faults that were found in files beside the segments.
  public mutating func add(problems: [String]) { self.problems += problems }

  private mutating func state(_ name: String, _ value: JSONValue, _ line: String) {
    facts.append(Fact(name: name, value: value, line: line))
  }

  private mutating func inspectArray(_ file: MappedFile) {
    state("format", .string("npy"), "a NumPy array")
    do {
      let array = try NumpyArray(file)
      let shape = array.shape.map(String.init).joined(separator: ", ")
      state(
        "shape", .array(array.shape.map { .integer($0) }),
        "shape (\(shape)) of \(array.elementType.rawValue)")
      let wrongCount = array.notFiniteCount()
      state(
        "not_finite", .integer(wrongCount),
        array.elementType == .float64
          ? "\(counted(wrongCount, "value")) that are NaN, infinite, or beyond the range of float32"
          : "\(counted(wrongCount, "value")) that are NaN or infinite")
    } catch {
      problems.append(error.description)
    }
  }

  private mutating func inspectSegment(_ file: MappedFile) throws {
    let kind = try runKind(of: file)
    state("format", .string("segment"), "a segment of \(Self.title(kind))")
    guard let featureCount = kind.featureCount(from: file.bytes) else {
      problems.append("no whole record that tells D in \(counted(file.bytes.count, "byte"))")
      return
    }
    state("features", .integer(featureCount), counted(featureCount, "feature"))
    var tally = RunTally(kind: kind)
    _ = scan(file, kind: kind, featureCount: featureCount, tally: &tally)
    state(tally)
  }

  private mutating func inspectFolder() throws {
    let folder = try RunFolder(path)
    let (manifest, manifestFault) = try folder.readManifest()
    guard let kind = folder.kind ?? manifest?.kind, let featureCount = try folder.featureCount()
    else {
      if let manifestFault { throw FileFault(unreadable: manifestFault, file: folder.manifestPath) }
      throw FileFault(
        file: path, found: "no segment with a whole record and no manifest",
        expected: "a run (000001.events, manifest.json)")
    }
    self.kind = kind
    state("format", .string("run"), "a run folder of \(Self.title(kind))")
    state("features", .integer(featureCount), counted(featureCount, "feature"))
    var tally = RunTally(kind: kind)
    var segments: [RunManifest.Segment] = []
    for name in folder.segments {
      let file: MappedFile
      do throws(SystemCallError) {
        file = try MappedFile(folder.path(of: name))
      } catch {
        guard error.isNoRegularFile || error.code == EIO else { throw error }
        problems.append("\(error)")
        continue
      }
      segments.append(
        scan(file, kind: kind, featureCount: featureCount, tally: &tally))
    }
    problems += folder.asideNames.map {
      "\($0): set aside as damaged; look at it, and move it away"
    }
    state("segments", .integer(segments.count), "segments: \(segments.count)")
    state(tally)
    let firstNumbers =
      kind == .flagged
      ? inspectNumbers(folder, featureCount: featureCount, manifest: manifest) : [:]
    let deleted = kind == .flagged ? try inspectJournal(featureCount: featureCount) : nil
    if let manifestFault { problems.append(manifestFault) }
    guard let manifest else {
      stateNoManifest(folder, isUnreadable: manifestFault != nil)
      return
    }
    let found = RunManifest(
      tally: tally, featureCount: featureCount, featureNames: manifest.featureNames,
      segments: segments)
    let unlisted = unlistedProblems(manifest, found.segments.map(\.name), firstNumbers)
    problems += unlisted
    compare(manifest, with: found, deleted: deleted, hasUnlisted: !unlisted.isEmpty)
  }

  private mutating func stateNoManifest(_ folder: RunFolder, isUnreadable: Bool) {
    let line: String
    switch folder.state {
    case .closed: line = "manifest.json cannot be read"
    case .journal:
      line = "no manifest.json: the run is still being written, or its writer did not end in order"
    case .beingWritten:
      isBeingWritten = true
      line = "no manifest.json yet: a command writes the run"
    case .unfinished:
      problems.append(RunFolder.unfinishedText)
      line = "no manifest.json"
    }
    state("manifest", .null, isUnreadable ? "manifest.json cannot be read" : line)
  }

  /// States the numbers of segments that do not go together, and those between segments that are in none.
  /// - Returns: the first number of each segment, by its name.
  private mutating func inspectNumbers(
    _ folder: RunFolder, featureCount: Int, manifest: RunManifest?
  ) -> [String: UInt64] {
    let found = folder.segments.compactMap {
      try? SegmentLook($0, in: folder.store, featureCount: featureCount).segment
    }
    let (kept, left) = found.ascending(listedIn: manifest)
    problems += left.map {
      "\($0.name): numbers \($0.firstNumber) to \($0.lastNumber), which do not go with those of other "
        + "segments: a copy, or of another journal; the next start of a daemon sets it aside"
    }
    for (earlier, later) in zip(kept, kept.dropFirst()) {
      let whole = found.first { $0.name == earlier.name } ?? earlier
      if whole.lastNumber >= later.firstNumber {
        problems.append(
          "\(earlier.name) and \(later.name) both have numbers \(later.firstNumber) to "
            + "\(min(whole.lastNumber, later.lastNumber))")
      }
    }
    stateGaps(kept.filter { !$0.name.isOpen })
    return Dictionary(
      found.map { ($0.name.description, $0.firstNumber) }, uniquingKeysWith: { first, _ in first })
  }

  /// Numbers that lie between segments and are in none: left out after an end that was not orderly,
  /// deleted, or moved away.
  private mutating func stateGaps(_ closed: [JournalSegment]) {
    let gaps = zip(closed, closed.dropFirst()).compactMap { earlier, later in
      later.firstNumber > earlier.lastNumber + 1
        ? later.firstNumber - earlier.lastNumber - 1 : nil
    }
    guard !gaps.isEmpty else { return }
    let sum = gaps.reduce(0) { $0 &+ $1 }
    state(
      "numbers_between_segments", .array([.integer(gaps.count), .integer(sum)]),
      "\(counted(sum, "number")) in \(counted(gaps.count, "place")) between segments are in "
        + "none: left out after an end that was not orderly, deleted, or moved away")
  }

  /// Inspects the files beside a journal's segments: the published number, and what was deleted.
  private mutating func inspectJournal(featureCount: Int) throws -> DeletedRecords {
    let store = DiskFolder(path)
    do {
      try JournalNumbers.refuseExhausted(store, featureCount: featureCount)
    } catch let fault as FileFault {
      problems.append("no daemon can continue it: \(fault)")
    }
    switch try PublishedCursor.read(in: store) {
    case .number(let published):
      state("published", .integer(published), "published up to number \(published)")
    case .damaged(let found):
      problems.append("\(PublishedCursor.fileName) is damaged: \(found)")
    case nil: break
    }
    if let numbers = try NumberReservation.read(in: store) {
      state(
        "next_number", .integer(numbers.nextNumber),
        numbers.isExact
          ? "the next number is \(numbers.nextNumber)"
          : journalHolder(folder: path).map { "open: \($0) writes it" }
            ?? "not closed in order: the next process continues at number \(numbers.nextNumber) or "
            + "above"
      )
    }
    let deleted = try DeletedRecords(in: store)
    if let note = deleted.note { problems.append(note) }
    if deleted.number > 0 {
      state(
        "deleted",
        .object([
          "number": .integer(deleted.number), "published": .integer(deleted.published),
          "unpublished": .integer(deleted.unpublished),
        ]),
        "deleted up to number \(deleted.number): \(counted(deleted.published, "record")) "
          + "published, \(deleted.unpublished) unpublished")
    }
    return deleted
  }

  private static func title(_ kind: RunKind) -> String {
    kind == .events ? "event records" : "flagged records"
  }
}

extension RunInspection {
  /// Checks and counts the records of a segment.
  private mutating func scan(
    _ file: MappedFile, kind: RunKind, featureCount: Int, tally: inout RunTally
  ) -> RunManifest.Segment {
    let name = lastComponent(file.path)
    let scan = withExtendedLifetime(file) {
      SegmentScan(file.bytes, kind: kind, featureCount: featureCount) {
        tally.add($0, featureCount: featureCount)
      }
    }
    if scan.defectCount > 0 {
      let first = scan.defects[0]
      problems.append(
        "\(name): \(counted(scan.defectCount, "wrong record")); the first is record "
          + "\(first.record), byte \(first.byteOffset): \(first.refusal.rawValue)")
    }
    if scan.tailByteCount > 0 {
      let offset = file.bytes.count - scan.tailByteCount
      problems.append(
        "\(name): from byte \(offset) on \(counted(scan.tailByteCount, "byte")) that are no good "
          + "record")
    }
    if SegmentName(name)?.isOpen ?? false {
      state(
        "open_segment", .string(name),
        "\(name) is open, or was left open by a crash: \(counted(scan.recordCount, "whole record"))"
      )
    }
    return RunManifest.Segment(
      name: name, recordCount: scan.recordCount, byteCount: file.bytes.count,
      sha256: withExtendedLifetime(file) { SHA256Digest(of: file.bytes).description })
  }

  private mutating func state(_ tally: RunTally) {
    state("records", .integer(tally.recordCount), counted(tally.recordCount, "good record"))
    let counts = tally.countsByName
    let named = RunTally.countNames(tally.kind).map { "\($0) \(counts[$0] ?? 0)" }
    state(
      "counts", .object(JSONObject(sorting: counts.map { ($0.key, .integer($0.value)) })),
      named.joined(separator: ", "))
    state(
      "schema", .string(schemaDescription(tally.schema)),
      tally.schema == 0
        ? "no schema in the records" : "schema \(schemaDescription(tally.schema))")
    if tally.hasMixedSchemas { problems.append("records of more than one schema") }
    if let first = tally.firstTimeNs, let last = tally.lastTimeNs {
      state(
        "time_ns", .array([.integer(first), .integer(last)]), "time \(first) to \(last) ns")
    }
    if let first = tally.firstNumber, let last = tally.lastNumber {
      state("numbers", .array([.integer(first), .integer(last)]), "numbers \(first) to \(last)")
    }
    state("sources", .array(tally.streams.map(Self.json)), Self.line(tally.streams, tally.kind))
  }

  private static func json(_ stream: RunTally.Stream) -> JSONValue {
    .object([
      "run": .integer(stream.run), "source": .integer(stream.source),
      "records": .integer(stream.recordCount), "first_sequence": .integer(stream.firstSequence),
      "last_sequence": .integer(stream.lastSequence), "lost": .integer(stream.lost),
      "late": .integer(stream.late), "repeated": .integer(stream.repeated),
    ])
  }

  private static func line(_ streams: [RunTally.Stream], _ kind: RunKind) -> String {
    let lines = streams.map { stream in
      let account =
        kind == .events
        ? "; \(stream.lost) lost, \(stream.late) late, \(stream.repeated) repeated" : ""
      return "run \(stream.run), source \(stream.source): "
        + "\(counted(stream.recordCount, "record")), sequences \(stream.firstSequence) to "
        + "\(stream.lastSequence)\(account)"
    }
    return lines.joined(separator: "\n")
  }

  /// Segments that the manifest should list and does not. A journal may have grown since the last
  /// orderly end; its new segments have higher numbers.
  private func unlistedProblems(
    _ manifest: RunManifest, _ names: [String], _ firstNumbers: [String: UInt64]
  ) -> [String] {
    let listed = Set(manifest.segments.map(\.name))
    let unlisted = names.filter { !listed.contains($0) }
    if manifest.kind == .events { return unlisted.map { "manifest.json does not list \($0)" } }
    let numbers = (try? NumberReservation.read(in: DiskFolder(path))).flatMap(\.self)
    if numbers?.isExact ?? false, journalHolder(folder: path) == nil {
      return unlisted.map {
        "manifest.json does not list \($0), though the last process ended in order: the file was "
          + "changed, or could not be written then"
      }
    }
    return unlisted.filter { firstNumbers[$0] ?? .max <= manifest.lastNumber ?? 0 }.map {
      "manifest.json does not list \($0), whose numbers are not above those that it counts"
    }
  }

  /// States where the manifest and the segments differ.
  private mutating func compare(
    _ manifest: RunManifest, with found: RunManifest, deleted: DeletedRecords?, hasUnlisted: Bool
  ) {
    let before = problems.count
    var deletedNames: [String] = []
    let present = Dictionary(
      found.segments.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for var listed in manifest.segments {
      let lastNumber = listed.summary?.lastNumber
      listed.summary = nil
      guard let segment = present[listed.name] else {
        if let lastNumber, let deleted, lastNumber <= deleted.number {
          deletedNames.append(listed.name)
          continue
        }
        problems.append("manifest.json lists \(listed.name), which is not there")
        continue
      }
      if segment != listed {
        problems.append(
          "\(listed.name) is not what manifest.json says: \(counted(segment.byteCount, "byte")), "
            + "SHA-256 \(segment.sha256), expected \(counted(listed.byteCount, "byte")), "
            + "\(listed.sha256)")
      }
    }
    let listed = Set(manifest.segments.map(\.name))
    let later = found.segments.map(\.name).filter { !listed.contains($0) }
    if !deletedNames.isEmpty {
      state(
        "deleted_since_manifest", .array(deletedNames.map(JSONValue.string)),
        "deleted after the manifest: \(deletedNames.joined(separator: ", "))")
    } else if later.isEmpty, problems.count == before,
      Self.comparable(manifest) != Self.comparable(found, like: manifest)
    {
      problems.append("manifest.json counts other records than the segments hold")
    }
    if !later.isEmpty {
      state(
        "not_in_manifest", .array(later.map(JSONValue.string)),
        "written after the manifest: \(later.joined(separator: ", "))")
    }
    let agrees = problems.count == before && !hasUnlisted
    state(
      "manifest", .bool(agrees),
      agrees ? "manifest.json agrees with the segments" : "manifest.json does not agree")
  }

  /// The fields that the segments alone determine.
  private static func comparable(
    _ manifest: RunManifest, like other: RunManifest? = nil
  ) -> RunManifest {
    var manifest = manifest
    manifest.extras = [:]
    // An earlier version listed all sources, however many.
    if (other ?? manifest).sources.count > RunTally.listedMax(manifest.kind) {
      (manifest.sources, manifest.runs, manifest.unlistedCount) = ([], [], nil)
    }
    for index in manifest.segments.indices { manifest.segments[index].summary = nil }
    return manifest
  }
}

extension FileFault {
  /// Nothing but a manifest tells what the folder is, and it cannot be read.
  fileprivate init(unreadable reason: String, file: String) {
    self.init(
      file: file,
      found: "no segment with a whole record, and a manifest that cannot be read (\(reason))",
      expected: "a run (000001.events, manifest.json)")
  }
}
