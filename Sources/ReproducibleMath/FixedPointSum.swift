/// A sum in fixed point that no term is rounded into: it depends on the set of terms alone, not on
/// their order or on how they were cut into parts.
///
/// An accumulator as wide as the range of its terms, after U. Kulisch (*Computer Arithmetic and
/// Validity*, 2008), with the redundant carries of R. Neal ("Fast exact summation using small and
/// large superaccumulators", arXiv:1505.05571, 2015): limbs of 64 bits stand 32 bits apart, so
/// carries are spread once in 2^30 terms.
struct FixedPointSum<let limbCount: Int>: Sendable {
  /// Limb i counts units of 2^(32 i); terms leave the last one to carries.
  private var limbs = InlineArray<limbCount, Int64>(repeating: 0)
  private var termCount = 0
  private static var termCountMax: Int { 1 << 30 }

  init() {}

  /// Adds `magnitude * 2^shift`, or takes it away. `parts` is the number of limbs that the
  /// shifted magnitude may touch, at least one more than a 32nd of its bits, rounded up.
  @inline(__always)
  mutating func add(_ magnitude: UInt128, shift: Int, isNegative: Bool, parts: Int) {
    let sign: Int64 = isNegative ? -1 : 0
    var rest = magnitude << UInt128(truncatingIfNeeded: shift & 31)
    let first = shift >> 5
    for part in 0..<parts {
      // In two's complement -x is (x xor -1) + 1.
      limbs[first + part] &+= (Int64(UInt32(truncatingIfNeeded: rest)) ^ sign) &- sign
      rest >>= 32
    }
    termCount += 1
    if termCount == Self.termCountMax { spreadCarries() }
  }

  /// Adds all terms of `other`.
  mutating func merge(_ other: FixedPointSum) {
    var other = other
    other.spreadCarries()
    spreadCarries()
    for index in 0..<limbCount { limbs[index] &+= other.limbs[index] }
    spreadCarries()
  }

  /// Leaves 32 bits in each limb but the last, which has the sign.
  private mutating func spreadCarries() {
    for index in 0..<(limbCount - 1) {
      limbs[index + 1] &+= limbs[index] >> 32
      limbs[index] &= 0xFFFF_FFFF
    }
    termCount = 1
  }

  /// The sum.
  var integer: ExactInteger {
    var spread = self
    spread.spreadCarries()
    var words = (0..<limbCount).map { UInt32(truncatingIfNeeded: spread.limbs[$0]) }
    words.append(UInt32(truncatingIfNeeded: spread.limbs[limbCount - 1] >> 32))
    return ExactInteger(twosComplement: words)
  }

  /// The sum `integer`; nil where it is too wide.
  init?(_ integer: ExactInteger) {
    guard let words = integer.twosComplement(wordCount: limbCount + 1) else { return nil }
    for index in 0..<limbCount { limbs[index] = Int64(words[index]) }
    limbs[limbCount - 1] |= Int64(Int32(bitPattern: words[limbCount])) << 32
    // The sum counts as one term: a limb of 32 bits.
    termCount = 1
  }
}
