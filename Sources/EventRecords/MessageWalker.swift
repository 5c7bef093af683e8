internal import CScoreKernels

/// Walks the records of one message: whole good records and refusals, in order. Allocates nothing.
/// Ends for any bytes, since every step consumes at least one byte.
///
/// Checked in this order: length, magic, version, checksum, D, kind, schema. Features are not
/// looked at: an event with a NaN is a good record that cannot be scored.
public struct MessageWalker {
  /// The finding at one place of the message.
  public enum Step {
    /// A whole, verified record of the expected D.
    case record(EventRecordView)
    /// Something else, which is skipped.
    case refused(RecordRejection)
  }

  /// Where the next step begins; after the last step, the size of the message.
  public private(set) var byteOffset = 0
  /// After a refusal: the refused record, where its checksum confirms the fields that its sender
  /// has written. Its kind may be none of the four.
  public private(set) var refusedRecord: EventRecordView?
  private let bytes: UnsafeRawBufferPointer
  private let featureCount: Int
  private let schema: UInt32
  private let byteCount: Int
  private var isEmptyMessage: Bool

  /// Begins at the first of `bytes`, which may have any alignment and must outlive the walk. Traps
  /// where `featureCount` is not in 0 ... 65535.
  /// - Parameters:
  ///   - bytes: one message.
  ///   - featureCount: D; records of another D are refused.
  ///   - schema: the feature names' prefix. A record that states another one is refused. 0 on
  ///     either side matches everything.
  public init(bytes: UnsafeRawBufferPointer, featureCount: Int, schema: UInt32) {
    precondition(0...EventRecord.featureCountMax ~= featureCount)
    self.bytes = bytes
    self.featureCount = featureCount
    self.schema = schema
    byteCount = EventRecord.byteCount(featureCount: featureCount)
    isEmptyMessage = bytes.isEmpty
  }

  /// The next record or refusal; nil at the end. A message of zero length is one refusal.
  public mutating func next() -> Step? {
    let rest = bytes.count - byteOffset
    guard rest > 0, let start = bytes.baseAddress else {
      defer { isEmptyMessage = false }
      refusedRecord = nil
      return isEmptyMessage ? .refused(.emptyMessage) : nil
    }
    let record = EventRecordView(start + byteOffset)
    if rest >= EventRecord.headerByteCount, record.magic == EventRecord.magic,
      record.version == EventRecord.version, record.featureCount != featureCount,
      record.byteCount <= rest, record.storedChecksum == record.computedChecksum
    {
      return refuse(.featureCount, record, skipping: record.byteCount)
    }
    if rest < byteCount { return refuse(.truncated, nil, skipping: rest) }
    if let reason = refusal(of: record) {
      let isSound = reason == .kind || reason == .schema || reason == .featureCount
      return refuse(reason, isSound ? record : nil, skipping: byteCount)
    }
    // Records have waited in memory since they came, and the next message often lies behind this one.
    tamis_prefetch(record.base, 2 * byteCount, byteCount)
    byteOffset += byteCount
    return .record(record)
  }

  /// Why a record of the expected size is not good. Where its D is wrong and the checksum is right
  /// for the expected size, the sender has stated a wrong D. Where the checksum is wrong, too, the
  /// field itself is damaged.
  @inline(__always)
  private func refusal(of record: EventRecordView) -> RecordRejection? {
    if record.magic != EventRecord.magic { return .magic }
    if record.version != EventRecord.version { return .version }
    if record.featureCount != featureCount {
      let computed = checksum(ofRecord: record.base, byteCount: byteCount)
      return record.storedChecksum == computed ? .featureCount : .checksum
    }
    if record.storedChecksum != record.computedChecksum { return .checksum }
    if !record.hasKnownKind { return .kind }
    let stated = record.schema
    return stated == schema || stated == 0 || schema == 0 ? nil : .schema
  }

  @inline(__always)
  private mutating func refuse(
    _ reason: RecordRejection, _ record: EventRecordView?, skipping skipped: Int
  ) -> Step {
    byteOffset += skipped
    refusedRecord = record
    return .refused(reason)
  }
}
