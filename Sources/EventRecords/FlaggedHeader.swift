/// Why a record was kept.
public struct FlagReasons: OptionSet, Hashable, Sendable {
  /// The field as it stands in the record.
  public let rawValue: UInt8

  /// Takes any bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The score is above a working point's threshold.
  public static let aboveThreshold = FlagReasons(rawValue: 1)
  /// Kept by the unbiased prescale, whatever its score.
  public static let unbiased = FlagReasons(rawValue: 2)
  /// A NaN or infinite feature: not scorable, kept for study.
  public static let notScorable = FlagReasons(rawValue: 4)
  /// The score is below the threshold of a working point of the low side.
  public static let belowThreshold = FlagReasons(rawValue: 8)

  /// Whether a working point kept it.
  @inlinable
  public var isFired: Bool { !isDisjoint(with: [.aboveThreshold, .belowThreshold]) }
}

/// The fields of a flagged record's first 64 bytes, without magic, version and checksum.
public struct FlaggedHeader: Equatable, Sendable {
  /// Why the record was kept.
  public var reasons: FlagReasons
  /// Bit i: working point i of the calibration fired, after its prescale.
  public var workingPoints: UInt16
  /// Weighted mean over the scoring noise levels of the squared score norm.
  public var score: Float
  /// The threshold of the loosest working point; of the low side where the reasons say `belowThreshold`.
  public var threshold: Float
  /// The number of this record in the journal, from 1. It is never used again.
  public var number: UInt64
  /// Nanoseconds since the epoch, when the message left the socket.
  public var receivedNs: UInt64
  /// Nanoseconds since the epoch, when it was decided on.
  public var decidedNs: UInt64
  /// The smallest prescale that the event passed: it was kept with a probability of 1/weight. 1
  /// without a prescale; 0 for an event that is published although no working point and no sample
  /// keeps it.
  public var weight: UInt32
  /// First four bytes of the model file's SHA-256.
  public var model: UInt32
  /// First four bytes of the calibration file's SHA-256.
  public var calibration: UInt32
  /// The number of the daemon.
  public var instance: UInt32
  /// The share of background events with a score at least as high, estimated by the calibration. It is
  /// negative where it comes from a fitted tail; the magnitude is then the rate. 0 where it is not
  /// known: of an event that is not scorable, or with a calibration that has no background rates.
  public var backgroundRate: Float

  /// Creates a header.
  public init(
    reasons: FlagReasons, workingPoints: UInt16, score: Float, threshold: Float, number: UInt64,
    receivedNs: UInt64, decidedNs: UInt64, weight: UInt32 = 1, model: UInt32 = 0,
    calibration: UInt32 = 0, instance: UInt32 = 0, backgroundRate: Float = 0
  ) {
    self.reasons = reasons
    self.workingPoints = workingPoints
    self.score = score
    self.threshold = threshold
    self.number = number
    self.receivedNs = receivedNs
    self.decidedNs = decidedNs
    self.weight = weight
    self.model = model
    self.calibration = calibration
    self.instance = instance
    self.backgroundRate = backgroundRate
  }
}
