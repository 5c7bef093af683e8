internal import StrictJSON

/// A threshold that keeps a false-positive rate. An event fires it when its score is greater, or,
/// on the low side, when it is smaller.
package struct WorkingPoint: Equatable, Sendable {
  /// The name, of a-z, 0-9, `_` and `-`; unique within a calibration.
  package var name: String
  /// The rate that was asked for.
  package var targetFPR: FalsePositiveRate
  /// Finite, and above 0 on the low side. Events with a score beyond it fire: see `side`.
  package var threshold: Float
  /// Which scores fire.
  package var side: ScoreSide
  /// The threshold is the `rank`-th smallest background score; nil where it is extrapolated.
  package var rank: Int?
  /// The interval of the true rate at the calibration's confidence. For an extrapolated point it
  /// holds as far as the tail model does, or is nil.
  package var fprInterval: ClosedRange<Double>?
  /// The promise about the true rate.
  package var guarantee: RateGuarantee
  /// One in this many firing events is kept; 1 keeps all.
  package var prescale: UInt32
  /// The tail that an extrapolated threshold comes from.
  package var tail: ParetoTail?
  /// Keys of the file that this version does not know.
  var otherKeys = JSONObject()

  /// Whether the threshold comes from a fitted tail and not from a rank.
  package var extrapolated: Bool { rank == nil }

  /// Creates a working point; `rank` is nil for an extrapolated one.
  package init(
    name: String, targetFPR: FalsePositiveRate, threshold: Float, rank: Int?,
    fprInterval: ClosedRange<Double>?, guarantee: RateGuarantee = .expected, prescale: UInt32 = 1,
    tail: ParetoTail? = nil, side: ScoreSide = .high
  ) {
    precondition(threshold.isFinite && prescale >= 1)
    precondition(side == .high || threshold > 0 && rank != nil)
    self.side = side
    self.name = name
    self.targetFPR = targetFPR
    self.threshold = threshold
    self.rank = rank
    self.fprInterval = fprInterval
    self.guarantee = guarantee
    self.prescale = prescale
    self.tail = tail
  }

  /// The place of the threshold among `count` scores, counted from the end where events fire: 1 is
  /// the outermost score. Nil for an extrapolated point.
  package func rankFromEnd(of count: Int) -> Int? {
    rank.map { side == .high ? count + 1 - $0 : $0 }
  }

  /// The flagged record has 16 bits for them.
  package static let countMax = 16

  /// Whether `name` can name a working point.
  package static func isName(_ name: some StringProtocol) -> Bool {
    (1...nameByteCountMax).contains(name.utf8.count)
      && name.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  /// Long enough for a word or two, short enough for a label.
  static let nameByteCountMax = 64
  static let nameRule = "1 to \(nameByteCountMax) of the characters a-z, 0-9, _ and -"
}
