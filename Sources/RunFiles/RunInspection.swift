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
    /// Its value.
    public var value: JSONValue
    /// The statement as a line for people.
    public var line: String
  }

  /// As given.
  public let path: String
  /// The facts, in the order of reading.
  public private(set) var facts: [Fact] = []
  /// The faults: broken records, cut files, a manifest that does not agree.
  public internal(set) var problems: [String] = []
  /// Whether a command is still writing the run.
  public internal(set) var isBeingWritten = false
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

  /// The kind of records; nil for an array or a single segment.
  public private(set) var kind: RunKind?

  /// Adds faults that were found in files beside the segments.
  public mutating func add(problems: [String]) { self.problems += problems }

  mutating func state(_ name: String, _ value: JSONValue, _ line: String) {
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
    state("format", .string("segment"), "a segment of \(kind.title)")
    guard let featureCount = kind.featureCount(from: file.bytes) else {
      problems.append("no whole record that tells D in \(counted(file.bytes.count, "byte"))")
      return
    }
    state("features", .integer(featureCount), counted(featureCount, "feature"))
    var tally = RunTally(kind: kind)
    _ = scan(
      file, kind: kind, featureCount: featureCount,
      isOfJournal: (try? JournalFolder.isMarked(DiskFolder(folder(of: path)))) ?? false,
      tally: &tally)
    state(tally)
  }

  private mutating func inspectFolder() throws {
    let folder = try RunFolder(path)
    let (manifest, manifestFault) = try folder.readManifest()
    guard let kind = folder.kind ?? manifest?.kind, let featureCount = try folder.featureCount()
    else {
      if let manifestFault { throw FileFault(unreadable: manifestFault, file: folder.manifestPath) }
      if folder.segments.isEmpty { throw folder.isNoRun }
      throw FileFault(
        file: path, found: "no segment with a whole record and no manifest",
        expected: "a run (000001.events, manifest.json)")
    }
    self.kind = kind
    state("format", .string("run"), "a run folder of \(kind.title)")
    state("features", .integer(featureCount), counted(featureCount, "feature"))
    var tally = RunTally(kind: kind)
    var segments: [RunManifest.Segment] = []
    let listed = manifest?.segmentsByName ?? [:]
    let isJournal = try JournalFolder.isMarked(DiskFolder(path))
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
        scan(
          file, kind: kind, featureCount: featureCount, isOfJournal: isJournal,
          listed: listed[name.description]?.byteCount, tally: &tally))
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
}

extension RunInspection {
  /// Checks and counts the records of a segment. It is hashed only where it is as long as `listed` says.
  private mutating func scan(
    _ file: MappedFile, kind: RunKind, featureCount: Int, isOfJournal: Bool, listed: Int? = nil,
    tally: inout RunTally
  ) -> RunManifest.Segment {
    let name = lastComponent(file.path)
    let recordByteCount = kind.byteCount(featureCount: featureCount)
    var numbers = SegmentNumbers(name)
    var jumps: (first: SegmentNumbers.Jump?, count: Int) = (nil, 0)
    let scan = SegmentScan(file, kind: kind, featureCount: featureCount) { record in
      tally.add(record, featureCount: featureCount)
      // What a receiver has written may lack numbers.
      guard isOfJournal, kind == .flagged, let base = file.bytes.baseAddress else { return }
      let number = FlaggedRecordView(record, featureCount: featureCount).number
      guard
        let jump = numbers.jump(to: number, at: (record - UnsafeRawPointer(base)) / recordByteCount)
      else { return }
      jumps = (jumps.first ?? jump, jumps.count + 1)
    }
    if let first = jumps.first {
      problems.append(
        first.description
          + (jumps.count > 1
            ? "; in \(counted(jumps.count - 1, "further place")) numbers do not follow, either"
            : ""))
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
      sha256: listed != file.bytes.count
        ? "" : withExtendedLifetime(file) { SHA256Digest(of: file.bytes).description })
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
