internal import CScoreKernels

/// Random numbers that are a function of their place: Philox4x32-10 (Salmon, Moraes, Dror and
/// Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11) with the seed as key and
/// (index, stream) as counter.
///
/// There is no state: any thread may draw any number in any order, and results depend neither on
/// that order nor on the number of threads. Every number has the same bits on every machine.
package struct RandomStream: Hashable, Sendable {
  /// The key of the generator.
  package let seed: UInt64
  /// The upper half of the counter, a number for each purpose; the user lists the purposes.
  package let stream: UInt64

  /// Creates the stream; streams that differ in seed or number are independent.
  package init(seed: UInt64, stream: UInt64) {
    self.seed = seed
    self.stream = stream
  }

  /// Numbers set aside for a use that needs `count`: whole blocks of four.
  package static func reserved(_ count: Int) -> Int { (count + 3) / 4 * 4 }

  /// The 128 bits of the Philox block at `index`.
  package func words(at index: UInt64) -> SIMD4<UInt32> {
    let counter = SIMD4(
      UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32),
      UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32))
    let key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    return philox4x32(counter: counter, key: key)
  }

  /// A uniform number in the open interval (0, 1), from the block at `index`: a multiple of 2^-52
  /// plus 2^-53.
  package func uniform(at index: UInt64) -> Double {
    (Double(integer(at: index) >> 12) + 0.5) * 0x1p-52
  }

  /// A uniform integer in 0 ..< `bound`, from the block at `index`.
  ///
  /// The integer part of 64 random bits, read as a fraction, times `bound`: no value's
  /// probability is off by more than 2^-64.
  package func integer(below bound: Int, at index: UInt64) -> Int {
    precondition(bound > 0, "an integer below \(bound)")
    return Int(integer(at: index).multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// Standard normal number `index` of the stream.
  ///
  /// Normals 4b to 4b + 3 come from block b. Cheap in bulk only: see `fillGaussians`.
  package func gaussian(at index: UInt64) -> Float {
    var value: Float = 0
    tamis_gaussian_fill(seed, stream, index, &value, 1)
    return value
  }

  /// Fills `out` with the standard normals start ..< start + count of the stream.
  ///
  /// By the method of Box and Muller on 32-bit uniforms, so |x| < 6.77; float64 inside, rounded to
  /// float32 at the end. Normal i depends on i alone; starts and counts that are multiples of 4
  /// waste no work.
  package func fillGaussians(_ out: UnsafeMutableBufferPointer<Float>, start: UInt64) {
    guard let base = out.baseAddress else { return }
    tamis_gaussian_fill(seed, stream, start, base, out.count)
  }

  /// The lower 64 bits of the block at `index`.
  private func integer(at index: UInt64) -> UInt64 {
    let words = words(at: index)
    return UInt64(words.y) << 32 | UInt64(words.x)
  }
}

/// Ten rounds of Philox4x32 with the paper's multipliers and Weyl key increments.
package func philox4x32(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
  var counter = counter
  var key = key
  for _ in 0..<10 {
    let first = counter.x.multipliedFullWidth(by: 0xD251_1F53)
    let second = counter.z.multipliedFullWidth(by: 0xCD9E_8D57)
    counter = SIMD4(
      second.high ^ counter.y ^ key.x, second.low, first.high ^ counter.w ^ key.y, first.low)
    key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
  }
  return counter
}
