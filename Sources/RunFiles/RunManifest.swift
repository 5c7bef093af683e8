internal import DurableFiles
internal import EventRecords
internal import FoundationEssentials

/// The `manifest.json` of a closed run (format `tamis-run/1`): what its segments hold.
public struct RunManifest: Equatable, Sendable {
  /// The format's name.
  public static let format = "tamis-run/1"

  /// One source's records in one run.
  public struct Source: Equatable, Sendable, Codable {
    /// Run number.
    public var run: UInt32
    /// Source number.
    public var source: UInt32
    /// Records of any kind.
    public var recordCount: UInt64
    /// Lowest sequence.
    public var firstSequence: UInt64
    /// Highest sequence.
    public var lastSequence: UInt64
    /// Sequences from 1 to the highest that are not there; nil in flagged journals.
    public var lost: UInt64?
    /// Records that came after later ones.
    public var late: UInt64?
    /// Records that came again.
    public var repeated: UInt64?

    enum CodingKeys: String, CodingKey {
      case run, source, lost, late, repeated
      case recordCount = "records"
      case firstSequence = "first_sequence"
      case lastSequence = "last_sequence"
    }
  }

  /// One file of records.
  public struct Segment: Equatable, Sendable, Codable {
    /// File name in the folder.
    public var name: String
    /// Records in it.
    public var recordCount: Int
    /// Its size.
    public var byteCount: Int
    /// SHA-256, 64 hexadecimal digits.
    public var sha256: String
    /// A summary of its records, by which a journal knows what it holds after old segments are
    /// gone; nil in recorded runs.
    public var summary: Summary?

    enum CodingKeys: String, CodingKey {
      case name, sha256, summary
      case recordCount = "records"
      case byteCount = "bytes"
    }
  }

  /// A summary of the records of one segment of a flagged journal; fields as in the manifest.
  public struct Summary: Equatable, Sendable, Codable {
    /// The schema of the records, as text; `00000000` where they state none or more than one.
    public var schema: String
    /// Records by reason.
    public var counts: [String: UInt64]
    /// Lowest and highest time of an event.
    public var firstTimeNs: UInt64?
    /// See `firstTimeNs`.
    public var lastTimeNs: UInt64?
    /// Lowest and highest number.
    public var firstNumber: UInt64?
    /// See `firstNumber`.
    public var lastNumber: UInt64?
    /// By run, then source; those of the highest runs where there are very many.
    public var sources: [Source]
    /// Records of further sources; nil for none.
    public var unlistedCount: UInt64?

    enum CodingKeys: String, CodingKey {
      case schema, counts, sources
      case unlistedCount = "records_not_listed"
      case firstTimeNs = "first_time_ns"
      case lastTimeNs = "last_time_ns"
      case firstNumber = "first_number"
      case lastNumber = "last_number"
    }
  }

  /// What the segments hold.
  public var kind: RunKind
  /// D.
  public var featureCount: Int
  /// Names of the D features, where known.
  public var featureNames: [String]?
  /// The schema of the names, or else of the records; 0 where neither states one.
  public var schema: UInt32
  /// Records in all segments.
  public var recordCount: Int
  /// Records by kind (`event`, `begin_of_run`, `end_of_run`, `heartbeat`), in flagged journals by
  /// reason (`above_threshold`, `unbiased`, `not_scorable`).
  public var counts: [String: UInt64]
  /// Run numbers, ascending; of the listed sources.
  public var runs: [UInt32]
  /// Lowest and highest time of a record, ns since the epoch; nil without records.
  public var firstTimeNs: UInt64?
  /// See `firstTimeNs`.
  public var lastTimeNs: UInt64?
  /// Lowest and highest number of a flagged record.
  public var firstNumber: UInt64?
  /// See `firstNumber`.
  public var lastNumber: UInt64?
  /// By run, then source; those of the highest runs where there are very many.
  public var sources: [Source]
  /// Records of further sources; nil for none.
  public var unlistedCount: UInt64?
  /// In order.
  public var segments: [Segment]
  /// Further sections, which the program that wrote the run has added. They are kept as they are.
  public var extras: [String: JSONValue] = [:]

  /// States what `tally` counted in `segments`.
  init(tally: RunTally, featureCount: Int, featureNames: [String]?, segments: [Segment]) {
    kind = tally.kind
    self.featureCount = featureCount
    self.featureNames = featureNames
    schema = featureNames.map { schemaPrefix(featureNames: $0) } ?? tally.schema
    recordCount = Int(clamping: tally.recordCount)
    counts = tally.countsByName
    runs = Set(tally.streams.map(\.run)).sorted()
    firstTimeNs = tally.firstTimeNs
    lastTimeNs = tally.lastTimeNs
    firstNumber = tally.firstNumber
    lastNumber = tally.lastNumber
    sources = tally.sources
    unlistedCount = tally.unlistedCount > 0 ? tally.unlistedCount : nil
    self.segments = segments
  }
}

extension RunTally {
  /// The sources as a manifest lists them.
  var sources: [RunManifest.Source] {
    let hasLedger = kind == .events
    return streams.map { stream in
      RunManifest.Source(
        run: stream.run, source: stream.source, recordCount: stream.recordCount,
        firstSequence: stream.firstSequence, lastSequence: stream.lastSequence,
        lost: hasLedger ? stream.lost : nil, late: hasLedger ? stream.late : nil,
        repeated: hasLedger ? stream.repeated : nil)
    }
  }

  /// What a journal's manifest says of one segment.
  var summary: RunManifest.Summary {
    RunManifest.Summary(
      schema: schemaDescription(schema), counts: countsByName, firstTimeNs: firstTimeNs,
      lastTimeNs: lastTimeNs,
      firstNumber: firstNumber, lastNumber: lastNumber, sources: sources,
      unlistedCount: unlistedCount > 0 ? unlistedCount : nil)
  }
}

extension RunManifest: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case format, kind, schema, counts, runs, sources, segments
    case featureCount = "features"
    case featureNames = "feature_names"
    case recordCount = "records"
    case firstTimeNs = "first_time_ns"
    case lastTimeNs = "last_time_ns"
    case firstNumber = "first_number"
    case lastNumber = "last_number"
    case unlistedCount = "records_not_listed"
  }

  /// Any name, for the sections of others.
  private struct ExtraKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Reads a manifest; unknown sections become `extras`.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    let format = try fields.decode(String.self, forKey: .format)
    guard format == Self.format else {
      throw DecodingError.dataCorruptedError(
        forKey: .format, in: fields, debugDescription: "\"\(format)\" is not \"\(Self.format)\"")
    }
    kind = try fields.decode(RunKind.self, forKey: .kind)
    featureCount = try fields.decode(Int.self, forKey: .featureCount)
    featureNames = try fields.decodeIfPresent([String].self, forKey: .featureNames)
    guard 0...EventRecord.featureCountMax ~= featureCount,
      featureNames == nil || featureNames?.count == featureCount
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .featureCount, in: fields,
        debugDescription: "not a number of features from 0 to 65535, one for each name")
    }
    let digits = try fields.decode(String.self, forKey: .schema)
    guard digits.utf8.count == 8, let schema = UInt32(digits, radix: 16) else {
      throw DecodingError.dataCorruptedError(
        forKey: .schema, in: fields, debugDescription: "not eight hexadecimal digits")
    }
    self.schema = schema.byteSwapped
    recordCount = try fields.decode(Int.self, forKey: .recordCount)
    counts = try fields.decode([String: UInt64].self, forKey: .counts)
    runs = try fields.decode([UInt32].self, forKey: .runs)
    firstTimeNs = try fields.decodeIfPresent(UInt64.self, forKey: .firstTimeNs)
    lastTimeNs = try fields.decodeIfPresent(UInt64.self, forKey: .lastTimeNs)
    firstNumber = try fields.decodeIfPresent(UInt64.self, forKey: .firstNumber)
    lastNumber = try fields.decodeIfPresent(UInt64.self, forKey: .lastNumber)
    sources = try fields.decode([Source].self, forKey: .sources)
    unlistedCount = try fields.decodeIfPresent(UInt64.self, forKey: .unlistedCount)
    segments = try fields.decode([Segment].self, forKey: .segments)
    let known = Set(CodingKeys.allCases.map(\.rawValue))
    let all = try [String: JSONValue](from: decoder)
    extras = all.filter { !known.contains($0.key) }
  }

  /// Writes all fields and the extras beside them; an extra cannot replace a field.
  public func encode(to encoder: any Encoder) throws {
    var others = encoder.container(keyedBy: ExtraKey.self)
    for (name, section) in extras where CodingKeys(rawValue: name) == nil {
      try others.encode(section, forKey: ExtraKey(stringValue: name))
    }
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(Self.format, forKey: .format)
    try fields.encode(kind, forKey: .kind)
    try fields.encode(featureCount, forKey: .featureCount)
    try fields.encodeIfPresent(featureNames, forKey: .featureNames)
    try fields.encode(schemaDescription(schema), forKey: .schema)
    try fields.encode(recordCount, forKey: .recordCount)
    try fields.encode(counts, forKey: .counts)
    try fields.encode(runs, forKey: .runs)
    try fields.encodeIfPresent(firstTimeNs, forKey: .firstTimeNs)
    try fields.encodeIfPresent(lastTimeNs, forKey: .lastTimeNs)
    try fields.encodeIfPresent(firstNumber, forKey: .firstNumber)
    try fields.encodeIfPresent(lastNumber, forKey: .lastNumber)
    try fields.encode(sources, forKey: .sources)
    try fields.encodeIfPresent(unlistedCount, forKey: .unlistedCount)
    try fields.encode(segments, forKey: .segments)
  }
}

extension RunManifest {
  /// Reads the manifest in the run folder `folder`; nil where there is none.
  public static func read(inFolder folder: String) throws -> RunManifest? {
    try read(in: DiskFolder(folder))
  }

  /// Reads the manifest in `store`; nil where there is none.
  static func read(in store: any FolderStore) throws -> RunManifest? {
    guard let content = try store.content(of: RunFolder.manifestName) else { return nil }
    let path = store.path(of: RunFolder.manifestName)
    do {
      return try JSONDecoder().decode(RunManifest.self, from: Data(content))
    } catch let error as DecodingError {
      throw FileFault(jsonError: error, file: path, expected: "a manifest of \(format)")
    }
  }

  /// Reads the manifest of a flagged journal, which continues without one. A damaged manifest
  /// counts as none, and is reported in words.
  static func readIfSound(
    in store: any FolderStore
  ) throws(SystemCallError) -> (manifest: RunManifest?, fault: String?) {
    do {
      guard let manifest = try read(in: store) else { return (nil, nil) }
      let fault = manifest.contradiction(store.path(of: RunFolder.manifestName))
      return (fault == nil ? manifest : nil, fault?.description)
    } catch let error as SystemCallError where error.irregular == nil {
      throw error
    } catch {
      return (nil, "\(error)")
    }
  }

  /// Names and schema are written together: where they disagree one of them is damaged.
  private func contradiction(_ path: String) -> FileFault? {
    guard let featureNames, schemaPrefix(featureNames: featureNames) != schema else { return nil }
    return FileFault(
      file: path, place: "schema", found: schemaDescription(schema),
      expected: schemaDescription(schemaPrefix(featureNames: featureNames))
        + ", as feature_names have it")
  }

  /// Writes `manifest.json`, durably, in the place of an earlier one.
  func write(in store: any FolderStore) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    let text = Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    try text.withContiguous { (bytes) throws(SystemCallError) in
      try store.replace(RunFolder.manifestName, with: bytes)
    }
  }
}

extension FileFault {
  /// The place in a JSON file where something is missing or wrong, as a fault.
  init(jsonError error: DecodingError, file: String, expected: String) {
    let context: DecodingError.Context? =
      switch error {
      case .typeMismatch(_, let context), .valueNotFound(_, let context),
        .keyNotFound(_, let context), .dataCorrupted(let context):
        context
      @unknown default: nil
      }
    var path = (context?.codingPath ?? []).map { $0.intValue.map(String.init) ?? $0.stringValue }
    if case .keyNotFound(let key, _) = error { path.append(key.stringValue) }
    self.init(
      file: file, place: path.isEmpty ? nil : path.joined(separator: "."),
      found: context?.debugDescription ?? "\(error)", expected: expected)
  }
}
