internal import BoundedNumbers
internal import StrictJSON

/// Counts of background scores in bins of nearly equal ratio: each octave from 2^-16 to 2^48 is
/// divided into eight bins of equal width.
///
/// Bin i holds scores from `lowest * 2^(i / 8) * (1 + (i % 8) / 8)` up to, but not at, the same of
/// i + 1, with i / 8 rounded down. All edges are exact in float32: the bin is given by the leading
/// bits of a score, and no logarithm is needed.
public struct ScoreHistogram: Equatable, Sendable {
  /// Bins to a factor of two.
  static let binsPerOctave = 8
  /// The first edge is two to this power.
  @inlinable
  public static var lowestExponent: Int { -16 }
  /// Factors of two from the first edge to the last.
  static let octaveCount = 64
  /// The number of bins.
  public static let binCount = binsPerOctave * octaveCount

  /// Scores per bin.
  public internal(set) var counts = [Int](repeating: 0, count: binCount)
  /// Scores below 2^-16.
  public internal(set) var underflow = 0
  /// Scores at or above 2^48, infinite ones included.
  public internal(set) var overflow = 0
  /// Scores that are NaN: events that could not be scored.
  public internal(set) var notScorable = 0
  /// Keys of the file that this version does not know.
  var otherKeys = JSONObject()

  /// No counts.
  public init() {}

  /// Adds scores. Their order makes no difference.
  public mutating func add(_ scores: UnsafeBufferPointer<Float>) {
    for score in scores {
      switch Self.bin(of: score) {
      case 0..<Self.binCount: counts[Self.bin(of: score)] += 1
      case ..<0: underflow += 1
      default: if score.isNaN { notScorable += 1 } else { overflow += 1 }
      }
    }
  }

  /// Adds all that `other` has counted.
  public mutating func merge(_ other: ScoreHistogram) {
    for bin in 0..<Self.binCount { counts[bin] +|= other.counts[bin] }
    underflow +|= other.underflow
    overflow +|= other.overflow
    notScorable +|= other.notScorable
  }

  /// The bin of a score: negative below the first edge, `binCount` or more past the last one and
  /// for a NaN.
  @inlinable
  public static func bin(of score: Float) -> Int {
    let lowest = Float(sign: .plus, exponent: lowestExponent, significand: 1)
    if score < lowest { return -1 }
    let leadingBits = Float.exponentBitCount + 3
    return Int(score.magnitude.bitPattern >> (31 - leadingBits))
      - Int(lowest.bitPattern >> (31 - leadingBits))
  }

  /// The scores of a bin from 0 to `binCount` - 1.
  public static func scores(inBin bin: Int) -> Range<Float> {
    edge(bin)..<edge(bin + 1)
  }

  private static func edge(_ bin: Int) -> Float {
    Float(
      sign: .plus, exponent: lowestExponent + bin / binsPerOctave,
      significand: 1 + Float(bin % binsPerOctave) / Float(binsPerOctave))
  }
}
