internal import DurableFiles
internal import EventRecords
public import StrictJSON

/// The `manifest.json` of a closed run (format `tamis-run/1`): what its segments hold. The fields
/// of its content read as its own.
@dynamicMemberLookup
public struct RunManifest: Equatable, Sendable {
  /// The format's name.
  public static let format = "tamis-run/1"

  /// One source's records in one run.
  public struct Source: Equatable, Sendable {
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
  }

  /// One file of records.
  public struct Segment: Equatable, Sendable {
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
  }

  /// The counts and ranges of records, of a whole run or of one segment.
  public struct Content: Equatable, Sendable {
    /// Records by kind (`event`, `begin_of_run`, `end_of_run`, `heartbeat`), in flagged journals by
    /// reason (`above_threshold`, `unbiased`, `not_scorable`).
    public var counts: [String: UInt64]
    /// Lowest time of a record, ns since the epoch; nil without records.
    public var firstTimeNs: UInt64?
    /// Highest time of a record.
    public var lastTimeNs: UInt64?
    /// Lowest number of a flagged record.
    public var firstNumber: UInt64?
    /// Highest number of a flagged record.
    public var lastNumber: UInt64?
    /// By run, then source; those of the highest runs where there are very many.
    public var sources: [Source]
    /// Records of further sources; nil for none.
    public var unlistedCount: UInt64?
  }

  /// A summary of the records of one segment of a flagged journal. The fields of its content read
  /// as its own.
  @dynamicMemberLookup
  public struct Summary: Equatable, Sendable {
    /// The schema of the records, as text; `00000000` where they state none or more than one.
    public var schema: String
    /// Its records.
    public var content: Content

    /// A field of the content.
    public subscript<Value>(dynamicMember field: WritableKeyPath<Content, Value>) -> Value {
      get { content[keyPath: field] }
      set { content[keyPath: field] = newValue }
    }
  }

  /// The kind of the records.
  public var kind: RunKind
  /// D.
  public var featureCount: Int
  /// Names of the D features, where known.
  public var featureNames: [String]?
  /// The schema of the names, or else of the records; 0 where neither states one.
  public var schema: UInt32
  /// Records in all segments.
  public var recordCount: Int
  /// Run numbers, ascending; of the listed sources.
  public var runs: [UInt32]
  /// The records of all segments.
  public var content: Content
  /// In order.
  public var segments: [Segment]
  /// Further sections, which the program that wrote the run has added. They are kept as they are.
  public var extras: JSONObject = [:]

  /// States what `tally` counted in `segments`.
  init(tally: RunTally, featureCount: Int, featureNames: [String]?, segments: [Segment]) {
    kind = tally.kind
    self.featureCount = featureCount
    self.featureNames = featureNames
    schema = featureNames.map { schemaPrefix(featureNames: $0) } ?? tally.schema
    recordCount = Int(clamping: tally.recordCount)
    runs = Set(tally.streams.map(\.run)).sorted()
    content = tally.content
    self.segments = segments
  }

  /// A field of the content.
  public subscript<Value>(dynamicMember field: WritableKeyPath<Content, Value>) -> Value {
    get { content[keyPath: field] }
    set { content[keyPath: field] = newValue }
  }

  /// The segments by name; the first where a name is listed twice.
  var segmentsByName: [String: Segment] {
    Dictionary(segments.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
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

  /// The records as a manifest tells of them.
  var content: RunManifest.Content {
    RunManifest.Content(
      counts: countsByName, firstTimeNs: firstTimeNs, lastTimeNs: lastTimeNs,
      firstNumber: firstNumber, lastNumber: lastNumber, sources: sources,
      unlistedCount: unlistedCount > 0 ? unlistedCount : nil)
  }

  /// The summary of one segment in a journal's manifest.
  var summary: RunManifest.Summary {
    RunManifest.Summary(schema: schemaDescription(schema), content: content)
  }
}
