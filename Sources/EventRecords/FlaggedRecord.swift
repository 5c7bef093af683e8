/// The flagged record: a header of 64 bytes, D float32 attributions, and the event record as it
/// came. Little-endian; on the wire and in the journal it is the same bytes.
public enum FlaggedRecord {
  /// Bytes before the attributions.
  public static let headerByteCount = recordHeaderByteCount
  /// The first four bytes, "TMSF", as a little-endian integer.
  public static let magic: UInt32 = 0x4653_4D54
  /// The format's version.
  public static let version: UInt8 = 1

  /// Byte offsets of the fields.
  enum Offset {
    static let magic = 0
    static let version = 4
    static let reasons = 5
    static let workingPoints = 6
    static let score = 8
    static let threshold = 12
    static let number = 16
    static let received = 24
    static let decided = 32
    static let weight = 40
    static let model = 44
    static let calibration = 48
    static let instance = 52
    static let backgroundRate = 56
  }

  /// The size of a flagged record of `featureCount` features.
  @inline(__always)
  public static func byteCount(featureCount: Int) -> Int {
    eventOffset(featureCount: featureCount) + EventRecord.byteCount(featureCount: featureCount)
  }

  /// Where the event record begins.
  @inline(__always)
  static func eventOffset(featureCount: Int) -> Int {
    headerByteCount + featureCount * MemoryLayout<Float>.size
  }

  /// Writes a whole record of `byteCount(featureCount:)` bytes at `destination`, which may have any
  /// alignment. `attributions` are D floats. Allocates nothing. Traps where they have another D
  /// than the event.
  public static func encode(
    _ header: FlaggedHeader, attributions: UnsafeBufferPointer<Float>,
    eventRecord: EventRecordView, into destination: UnsafeMutableRawPointer
  ) {
    let featureCount = eventRecord.featureCount
    precondition(attributions.count == featureCount, "attributions and event differ in D")
    writeFields(header, into: destination)
    if let base = attributions.baseAddress {
      (destination + headerByteCount).copyMemory(
        from: base, byteCount: featureCount * MemoryLayout<Float>.size)
    }
    (destination + eventOffset(featureCount: featureCount))
      .copyMemory(from: eventRecord.base, byteCount: eventRecord.byteCount)
    let byteCount = byteCount(featureCount: featureCount)
    destination.setField(checksumOffset, checksum(ofRecord: destination, byteCount: byteCount))
  }

  private static func writeFields(_ header: FlaggedHeader, into base: UnsafeMutableRawPointer) {
    base.setField(Offset.magic, magic)
    base.setField(Offset.version, version)
    base.setField(Offset.reasons, header.reasons.rawValue)
    base.setField(Offset.workingPoints, header.workingPoints)
    base.setField(Offset.score, header.score)
    base.setField(Offset.threshold, header.threshold)
    base.setField(Offset.number, header.number)
    base.setField(Offset.received, header.receivedNs)
    base.setField(Offset.decided, header.decidedNs)
    base.setField(Offset.weight, header.weight)
    base.setField(Offset.model, header.model)
    base.setField(Offset.calibration, header.calibration)
    base.setField(Offset.instance, header.instance)
    base.setField(Offset.backgroundRate, header.backgroundRate)
  }
}
