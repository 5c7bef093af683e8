/// Numbers from a seed: the same on every machine (SplitMix64; Steele, Lea, Flood 2014).
struct RandomSource {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 ^ 0xD1B5_4A32_D192_ED03 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  /// 0 ..< bound; bound must be positive.
  mutating func below(_ bound: Int) -> Int { Int(next() >> 33) % bound }

  /// A number of the range.
  mutating func pick(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.count)
  }

  /// True once in `count` times on average; never for 0.
  mutating func oneIn(_ count: Int) -> Bool { count > 0 && below(count) == 0 }

  mutating func coin() -> Bool { next() >> 63 == 0 }
}
