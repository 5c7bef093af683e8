internal import DurableFiles

/// What a record of the input stream is.
public enum RecordKind: UInt8, CaseIterable, Sendable {
  /// An event with its features.
  case event = 1
  /// A run begins; sequences of its sources start again.
  case beginOfRun = 2
  /// A run ends; its ledger is closed.
  case endOfRun = 3
  /// A sender that has no events shows that it is alive.
  case heartbeat = 4
}

/// Bits of a record's `flags` field. Bits without a name are kept as they are.
public struct RecordFlags: OptionSet, Hashable, Sendable {
  /// The field as it stands in the record.
  public let rawValue: UInt16

  /// Takes any bits.
  @inlinable
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  // Computed, since other modules would ask at each event whether a constant is initialised.

  /// A zero-bias event: taken without a look at its content.
  @inlinable
  public static var unbiased: RecordFlags { RecordFlags(rawValue: 1) }
  /// Made by a simulation.
  @inlinable
  public static var simulated: RecordFlags { RecordFlags(rawValue: 2) }
  /// Sent again from a recorded run.
  @inlinable
  public static var replayed: RecordFlags { RecordFlags(rawValue: 4) }
  /// The sender itself doubts this event.
  @inlinable
  public static var tainted: RecordFlags { RecordFlags(rawValue: 8) }
}

/// The fields of an event record's first 64 bytes, without magic, version and checksum.
public struct EventHeader: Equatable, Sendable {
  /// Event or control record.
  public var kind: RecordKind
  /// Properties of the event.
  public var flags: RecordFlags
  /// The number of the sender. Several senders may share a stream.
  public var source: UInt32
  /// Run number.
  public var run: UInt32
  /// Luminosity section, or any counter of parts of a run.
  public var lumi: UInt32
  /// D, the number of features, 0 ... 65535.
  public var featureCount: Int
  /// Bunch crossing; 0 where it means nothing.
  public var bunchCrossing: UInt16
  /// Counts the records of any kind of one source in one run, from 1.
  public var sequence: UInt64
  /// Event number; not assumed to be ordered.
  public var event: UInt64
  /// Nanoseconds since the Unix epoch.
  public var timeNs: UInt64
  /// Orbit; 0 where it means nothing.
  public var orbit: UInt32
  /// A slow covariate of the rate (pile-up, pressure); NaN when unknown.
  public var condition: Float
  /// `schemaPrefix` of the feature names; 0 when the sender does not state it.
  public var schema: UInt32

  /// Creates a header. Fields that are not given are 0, unknown or empty.
  public init(
    kind: RecordKind = .event, flags: RecordFlags = [], source: UInt32 = 0, run: UInt32 = 0,
    lumi: UInt32 = 0, featureCount: Int, bunchCrossing: UInt16 = 0, sequence: UInt64 = 0,
    event: UInt64 = 0, timeNs: UInt64 = 0, orbit: UInt32 = 0, condition: Float = .nan,
    schema: UInt32 = 0
  ) {
    self.kind = kind
    self.flags = flags
    self.source = source
    self.run = run
    self.lumi = lumi
    self.featureCount = featureCount
    self.bunchCrossing = bunchCrossing
    self.sequence = sequence
    self.event = event
    self.timeNs = timeNs
    self.orbit = orbit
    self.condition = condition
    self.schema = schema
  }
}

/// The number by which records state their feature names: the first four bytes of the SHA-256 over
/// the names joined by newlines, read as a little-endian integer.
public func schemaPrefix(featureNames: [String]) -> UInt32 {
  SHA256Digest(of: featureNames.joined(separator: "\n")).prefix
}

/// A schema as text: the first eight hexadecimal digits of the SHA-256.
public func schemaDescription(_ schema: UInt32) -> String {
  schemaText(schema)
}
