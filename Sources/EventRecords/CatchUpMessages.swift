internal import CScoreKernels

/// How a request was answered. The raw value is the reply's status byte.
public enum CatchUpStatus: UInt8, CaseIterable, Sendable {
  /// Records follow, or there are none.
  case ok = 0
  /// Not a request by its size, its first bytes, or its parts.
  case malformed = 1
  /// A version of the format that is not known.
  case version = 2
  /// The checksum is not that of the bytes.
  case checksum = 3
  /// A kind of request or a flag that is not known.
  case kind = 4
  /// Number 0, or a last number below the first.
  case number = 5
  /// Meant for another daemon.
  case instance = 6
  /// A number above the journal's next one: the consumer knows another journal.
  case beyond = 7
  /// The journal could not be read; asking again may help.
  case journal = 8

  /// The `result` label of the counters.
  public var label: String { self == .checksum ? "crc" : "\(self)" }
}

/// A consumer's request for flagged records by number: 48 bytes, little-endian, as
/// `docs/formats.md` has them.
public struct CatchUpRequest: Sendable {
  /// Its size.
  public static let byteCount = 48
  /// "TMSQ" as a little-endian integer.
  static let magic: UInt32 = 0x5153_4D54
  static let version: UInt8 = 1
  static let recordsKind: UInt8 = 1
  /// Flag bit 0: the instance is to be compared.
  static let instanceFlag: UInt16 = 1
  /// Flag bit 1: records of one working point alone, which bits 8 to 11 number.
  static let pointFlag: UInt16 = 2
  static let pointShift: UInt16 = 8
  static let pointMask: UInt16 = 0xF00

  /// Any number that the consumer chooses; the reply repeats it.
  public var tag: UInt64 = 0
  /// The first number asked for, from 1.
  public var firstNumber: UInt64 = 0
  /// The last number asked for; `UInt64.max` where the consumer names none.
  public var lastNumber: UInt64 = .max
  /// The most records that the consumer wants.
  public var recordCountMax = Int.max
  /// The most bytes of records that the consumer wants. At least one record is sent.
  public var byteCountMax = Int.max
  /// The working point, 0 to 15, whose records alone are wanted; nil for all records.
  public var workingPoint: Int?

  /// Reads a request. The tag is taken wherever there are bytes for it, so that an error can name
  /// its request.
  /// - Parameters:
  ///   - bytes: the request, of any alignment.
  ///   - instance: the number of this daemon.
  public init(_ bytes: UnsafeRawBufferPointer, instance: UInt32) throws(Refusal) {
    guard bytes.count == Self.byteCount, let base = bytes.baseAddress,
      base.loadUnaligned(as: UInt32.self) == Self.magic
    else { throw Refusal(status: .malformed, tag: 0) }
    tag = base.field(8)
    func refuse(_ isWrong: Bool, _ status: CatchUpStatus) throws(Refusal) {
      if isWrong { throw Refusal(status: status, tag: tag) }
    }
    try refuse(base.field(4, as: UInt8.self) != Self.version, .version)
    try refuse(base.field(44, as: UInt32.self) != tamis_crc32c(0, base, 44), .checksum)
    let flags = base.field(6, as: UInt16.self)
    let hasPoint = flags & Self.pointFlag != 0
    let known = Self.instanceFlag | Self.pointFlag | (hasPoint ? Self.pointMask : 0)
    try refuse(base.field(5, as: UInt8.self) != Self.recordsKind || flags & ~known != 0, .kind)
    if hasPoint { workingPoint = Int(flags >> Self.pointShift) }
    try refuse(
      flags & Self.instanceFlag != 0 && base.field(40, as: UInt32.self) != instance, .instance)
    firstNumber = base.field(16)
    let last = base.field(24, as: UInt64.self)
    lastNumber = last == 0 ? .max : last
    try refuse(firstNumber == 0 || lastNumber < firstNumber, .number)
    let (records, byteCount) = (base.field(32, as: UInt32.self), base.field(36, as: UInt32.self))
    if records > 0 { recordCountMax = Int(records) }
    if byteCount > 0 { byteCountMax = Int(byteCount) }
  }

  /// Why a request is answered without records.
  public struct Refusal: Error, Equatable, Sendable {
    /// The reason.
    public var status: CatchUpStatus
    /// The request's, 0 where it cannot be told.
    public var tag: UInt64

    /// Creates a refusal.
    public init(status: CatchUpStatus, tag: UInt64) {
      self.status = status
      self.tag = tag
    }
  }
}

/// The first part of a reply, 96 bytes, little-endian. It describes the records in the second part
/// and the journal.
public struct CatchUpReply: Equatable, Sendable {
  /// Its size.
  public static let byteCount = 96
  /// "TMSA" as a little-endian integer.
  static let magic: UInt32 = 0x4153_4D54
  static let version: UInt8 = 1

  /// The outcome of the request.
  public var status: CatchUpStatus
  /// D.
  public var featureCount: Int
  /// As in the request.
  public var tag: UInt64
  /// Numbers asked for that the journal no longer has, before the first record sent; nil where
  /// there are none.
  public var gone: ClosedRange<UInt64>?
  /// The lowest number in the journal; 0 while it is empty.
  public var oldestNumber: UInt64 = 0
  /// The highest number ever journaled; 0 before the first.
  public var lastNumber: UInt64 = 0
  /// The number of the last record that was published; 0 before the first.
  public var publishedNumber: UInt64 = 0
  /// The number to ask for next.
  public var nextNumber: UInt64 = 0
  /// Records in the second part.
  public var recordCount = 0
  /// Records left out because they are damaged on disk.
  public var unreadableCount = 0
  /// Which daemon answers.
  public var instance: UInt32

  /// A reply without records.
  public init(
    status: CatchUpStatus = .ok, featureCount: Int, tag: UInt64, instance: UInt32
  ) {
    self.status = status
    self.featureCount = featureCount
    self.tag = tag
    self.instance = instance
  }

  /// Writes the 96 bytes.
  public func encode(into bytes: UnsafeMutableRawBufferPointer) {
    precondition(bytes.count == Self.byteCount)
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
    guard let base = bytes.baseAddress else { return }
    base.setField(0, Self.magic)
    base.setField(4, Self.version)
    base.setField(5, status.rawValue)
    base.setField(6, UInt16(featureCount))
    base.setField(8, tag)
    base.setField(16, gone?.lowerBound ?? 0)
    base.setField(24, gone?.upperBound ?? 0)
    base.setField(32, oldestNumber)
    base.setField(40, lastNumber)
    base.setField(48, publishedNumber)
    base.setField(56, nextNumber)
    base.setField(64, UInt32(clamping: recordCount))
    base.setField(68, UInt32(clamping: unreadableCount))
    base.setField(72, UInt32(FlaggedRecord.byteCount(featureCount: featureCount)))
    base.setField(76, instance)
    base.setField(92, tamis_crc32c(0, base, 92))
  }
}
