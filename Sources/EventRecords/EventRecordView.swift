internal import CScoreKernels

/// An event record where it lies: in a message, a mapped segment, a batch slot. Nothing is copied
/// and nothing is checked. `MessageWalker` and the readers of runs give only checked records. The
/// caller keeps the memory alive. The bytes may have any alignment.
public struct EventRecordView {
  /// The first byte of the record.
  public let base: UnsafeRawPointer

  /// Looks at the record that begins at `base`.
  @inline(__always)
  public init(_ base: UnsafeRawPointer) { self.base = base }

  private typealias Offset = EventRecord.Offset

  /// "TMSE" as an integer where this is an event record.
  public var magic: UInt32 { base.field(Offset.magic) }
  /// 1.
  public var version: UInt8 { base.field(Offset.version) }
  /// The kind as it stands in the record.
  package var kindByte: UInt8 { base.field(Offset.kind) }
  /// The kind; nil where the byte is none of the four.
  public var kind: RecordKind? { RecordKind(rawValue: kindByte) }
  /// Whether the kind is one of the four. They follow one another, which is quicker to check than to
  /// look for one.
  @inline(__always)
  var hasKnownKind: Bool {
    RecordKind.event.rawValue...RecordKind.heartbeat.rawValue ~= kindByte
  }
  /// Whether the kind is an event.
  public var isEvent: Bool { kindByte == RecordKind.event.rawValue }
  /// Properties of the event.
  public var flags: RecordFlags { RecordFlags(rawValue: base.field(Offset.flags)) }
  /// Who sent it.
  public var source: UInt32 { base.field(Offset.source) }
  /// Run number.
  public var run: UInt32 { base.field(Offset.run) }
  /// Luminosity section.
  public var lumi: UInt32 { base.field(Offset.lumi) }
  /// D.
  public var featureCount: Int { Int(base.field(Offset.featureCount, as: UInt16.self)) }
  /// Bunch crossing.
  public var bunchCrossing: UInt16 { base.field(Offset.bunchCrossing) }
  /// Per source and run, from 1.
  public var sequence: UInt64 { base.field(Offset.sequence) }
  /// Event number.
  public var event: UInt64 { base.field(Offset.event) }
  /// Nanoseconds since the Unix epoch.
  public var timeNs: UInt64 { base.field(Offset.time) }
  /// Orbit.
  public var orbit: UInt32 { base.field(Offset.orbit) }
  /// Covariate of the rate; NaN when unknown.
  public var condition: Float { base.field(Offset.condition) }
  /// Prefix of the feature names' hash; 0 where the sender does not state it.
  public var schema: UInt32 { base.field(Offset.schema) }
  /// The checksum as it stands in the record.
  public var storedChecksum: UInt32 { base.field(checksumOffset) }
  /// The checksum computed from its bytes. O(D).
  public var computedChecksum: UInt32 { checksum(ofRecord: base, byteCount: byteCount) }

  /// The size that the record's own D gives.
  public var byteCount: Int { EventRecord.byteCount(featureCount: featureCount) }
  /// The whole record.
  public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base, count: byteCount)
  }
  /// The D raw float32 features as bytes, at any alignment.
  public var featureBytes: UnsafeRawBufferPointer {
    base.floatBytesBehindHeader(featureCount)
  }
  /// The D raw features. Traps where the record does not lie on a multiple of four bytes. Records
  /// in files and in buffers of this module do; a record in a message may not: use `featureBytes`
  /// there.
  public var features: UnsafeBufferPointer<Float> {
    base.floatsBehindHeader(featureCount)
  }
  /// Whether no feature is NaN or infinite, at any alignment. O(D).
  public var hasFiniteFeatures: Bool {
    let start = (base + EventRecord.headerByteCount).assumingMemoryBound(to: Float.self)
    return tamis_all_finite(start, featureCount)
  }

  /// All fields as a value. Traps where the kind is none of the four, which it is in every checked
  /// record.
  public var header: EventHeader {
    guard let kind else { preconditionFailure("a record of an unknown kind") }
    return EventHeader(
      kind: kind, flags: flags, source: source, run: run, lumi: lumi, featureCount: featureCount,
      bunchCrossing: bunchCrossing, sequence: sequence, event: event, timeNs: timeNs, orbit: orbit,
      condition: condition, schema: schema)
  }
}

/// Whether none of `features` is NaN or infinite. Events with such a feature cannot be scored.
public func allFinite(_ features: UnsafeBufferPointer<Float>) -> Bool {
  guard let base = features.baseAddress else { return true }
  return tamis_all_finite(base, features.count)
}
