/// A flagged record where it lies. Nothing is copied, nothing is checked; the caller keeps the
/// memory alive. The bytes may have any alignment.
///
/// D is not in the header: it comes from the journal, the model, or the event record inside.
public struct FlaggedRecordView {
  /// The first byte of the record.
  public let base: UnsafeRawPointer
  /// D.
  public let featureCount: Int

  /// Looks at the record of `featureCount` features that begins at `base`.
  @inline(__always)
  public init(_ base: UnsafeRawPointer, featureCount: Int) {
    self.base = base
    self.featureCount = featureCount
  }

  private typealias Offset = FlaggedRecord.Offset

  /// "TMSF" as an integer where this is a flagged record.
  public var magic: UInt32 { base.field(Offset.magic) }
  /// 1.
  public var version: UInt8 { base.field(Offset.version) }
  /// Why it was kept.
  public var reasons: FlagReasons { FlagReasons(rawValue: base.field(Offset.reasons)) }
  /// Bit i: working point i fired.
  public var workingPoints: UInt16 { base.field(Offset.workingPoints) }
  /// The event's score; NaN where it is not scorable.
  public var score: Float { base.field(Offset.score) }
  /// Threshold of the loosest working point.
  public var threshold: Float { base.field(Offset.threshold) }
  /// Number in the journal, from 1.
  public var number: UInt64 { base.field(Offset.number) }
  /// When its message was received, ns since the epoch.
  public var receivedNs: UInt64 { base.field(Offset.received) }
  /// When it was decided on, ns since the epoch.
  public var decidedNs: UInt64 { base.field(Offset.decided) }
  /// The smallest prescale that the event passed; 1 without a prescale, 0 where no working point
  /// and no sample keeps the event.
  public var weight: UInt32 { base.field(Offset.weight) }
  /// Prefix of the model's hash.
  public var model: UInt32 { base.field(Offset.model) }
  /// Prefix of the calibration's hash.
  public var calibration: UInt32 { base.field(Offset.calibration) }
  /// The number of the daemon.
  public var instance: UInt32 { base.field(Offset.instance) }
  /// The share of background events with a score at least as high; negative where it comes from a
  /// fitted tail, 0 where it is not known.
  public var backgroundRate: Float { base.field(Offset.backgroundRate) }
  /// The checksum as it stands in the record.
  public var storedChecksum: UInt32 { base.field(checksumOffset) }
  /// The checksum computed from its bytes. O(D).
  public var computedChecksum: UInt32 { checksum(ofRecord: base, byteCount: byteCount) }

  /// The size of the record.
  public var byteCount: Int { FlaggedRecord.byteCount(featureCount: featureCount) }
  /// The whole record.
  public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base, count: byteCount)
  }
  /// The event as it came.
  public var event: EventRecordView {
    EventRecordView(base + FlaggedRecord.eventOffset(featureCount: featureCount))
  }
  /// The D attributions as bytes, at any alignment.
  public var attributionBytes: UnsafeRawBufferPointer {
    base.floatBytesBehindHeader(featureCount)
  }
  /// The D attributions. Traps where the record does not lie on a multiple of four bytes.
  public var attributions: UnsafeBufferPointer<Float> {
    base.floatsBehindHeader(featureCount)
  }

  /// All fields as a value.
  public var header: FlaggedHeader {
    FlaggedHeader(
      reasons: reasons, workingPoints: workingPoints, score: score, threshold: threshold,
      number: number, receivedNs: receivedNs, decidedNs: decidedNs, weight: weight, model: model,
      calibration: calibration, instance: instance, backgroundRate: backgroundRate)
  }
}
