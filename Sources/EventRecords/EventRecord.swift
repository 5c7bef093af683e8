/// The event record: a header of 64 bytes and D float32 features, little-endian. On the wire and
/// on disk it is the same bytes.
public enum EventRecord {
  /// Bytes before the features.
  public static let headerByteCount = recordHeaderByteCount
  /// The first four bytes, "TMSE", as a little-endian integer.
  public static let magic: UInt32 = 0x4553_4D54
  /// The format's version.
  public static let version: UInt8 = 1
  /// The largest D that the header can say.
  public static let featureCountMax = Int(UInt16.max)

  /// Byte offsets of the fields.
  enum Offset {
    static let magic = 0
    static let version = 4
    static let kind = 5
    static let flags = 6
    static let source = 8
    static let run = 12
    static let lumi = 16
    static let featureCount = 20
    static let bunchCrossing = 22
    static let sequence = 24
    static let event = 32
    static let time = 40
    static let orbit = 48
    static let condition = 52
    static let schema = 56
  }

  /// The size of a record of `featureCount` features.
  @inline(__always)
  public static func byteCount(featureCount: Int) -> Int {
    headerByteCount + featureCount * MemoryLayout<Float>.size
  }

  /// Writes a whole record of `byteCount(featureCount:)` bytes at `destination`, which may have any
  /// alignment. Without `features` the payload is zero, as in control records. Allocates nothing.
  /// Traps where D is not in 0 ... 65535, or `features` has another D than the header.
  public static func encode(
    _ header: EventHeader, features: UnsafeBufferPointer<Float>?,
    into destination: UnsafeMutableRawPointer
  ) {
    precondition(0...featureCountMax ~= header.featureCount, "D does not fit in 16 bits")
    let payload = destination + headerByteCount
    let payloadByteCount = header.featureCount * MemoryLayout<Float>.size
    if let features {
      precondition(features.count == header.featureCount, "features and header differ in D")
      if let base = features.baseAddress {
        payload.copyMemory(from: base, byteCount: payloadByteCount)
      }
    } else {
      payload.initializeMemory(as: UInt8.self, repeating: 0, count: payloadByteCount)
    }
    writeFields(header, into: destination)
    seal(destination)
  }

  /// Replaces the header of the record at `record`, for instance with other flags, run or sequence,
  /// and updates the checksum. The features stay. Allocates nothing. Traps where the header has
  /// another D.
  public static func replaceHeader(with header: EventHeader, in record: UnsafeMutableRawPointer) {
    precondition(header.featureCount == EventRecordView(record).featureCount, "D cannot change")
    writeFields(header, into: record)
    seal(record)
  }

  private static func writeFields(_ header: EventHeader, into base: UnsafeMutableRawPointer) {
    base.setField(Offset.magic, magic)
    base.setField(Offset.version, version)
    base.setField(Offset.kind, header.kind.rawValue)
    base.setField(Offset.flags, header.flags.rawValue)
    base.setField(Offset.source, header.source)
    base.setField(Offset.run, header.run)
    base.setField(Offset.lumi, header.lumi)
    base.setField(Offset.featureCount, UInt16(header.featureCount))
    base.setField(Offset.bunchCrossing, header.bunchCrossing)
    base.setField(Offset.sequence, header.sequence)
    base.setField(Offset.event, header.event)
    base.setField(Offset.time, header.timeNs)
    base.setField(Offset.orbit, header.orbit)
    base.setField(Offset.condition, header.condition)
    base.setField(Offset.schema, header.schema)
  }

  /// Computes the checksum of the record and stores it.
  static func seal(_ record: UnsafeMutableRawPointer) {
    record.setField(checksumOffset, EventRecordView(record).computedChecksum)
  }
}
