internal import ReproducibleMath

/// The purposes of random numbers. The raw value is the number of the stream. The index of a number
/// in its stream tells what the number belongs to.
enum SamplingStream: UInt64 {
  /// Where a sample begins; index: sample * reserved + feature.
  case start = 0x7361_0001
  /// The noise of a step; index: (sample * steps in all + step) * reserved + feature.
  case noise = 0x7361_0002

  /// The stream with this seed.
  func seeded(_ seed: UInt64) -> RandomStream { RandomStream(seed: seed, stream: rawValue) }

  /// Normals set aside for D features: whole blocks of four.
  static func reserved(_ featureCount: Int) -> Int { (featureCount + 3) / 4 * 4 }
}
