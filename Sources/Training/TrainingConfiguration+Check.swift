internal import Glibc
internal import ScoreEngine
internal import ScoreModel

extension TrainingConfiguration {
  /// Throws `TrainingError.setting` for the first setting that is out of range.
  func check(featureCount: Int) throws(TrainingError) {
    try require((1...65_535).contains(featureCount), "features", featureCount, "1 to 65535")
    try require((1...100_000_000).contains(steps), "steps", steps, "1 to 100000000")
    try require((1...1 << 20).contains(batchSize), "batch", batchSize, "1 to \(1 << 20)")
    try require((1...1_024).contains(threads), "threads", threads, "1 to 1024")
    try require(
      learningRate > 0 && learningRate.isFinite, "learning rate", learningRate,
      "a positive number such as 0.001")
    switch network {
    case .score:
      try checkNoise()
      try checkNetwork()
      try checkScoring()
      try checkDistance()
    case .autoencoder:
      try require(
        (1...64).contains(autoencoderLayers.count)
          && autoencoderLayers.allSatisfy { (1...65_535).contains($0) },
        "autoencoder layers", autoencoderLayers, "1 to 64 widths from 1 to 65535")
    }
    let parameterCount = shape(featureCount: featureCount).averaged(memberCount).parameterCount
    try require(
      parameterCount <= Self.parameterCountMax, "network", "\(parameterCount) parameters",
      "at most \(Self.parameterCountMax), which take some gigabytes while they are trained")
    if let decay = emaDecay {
      try require((0..<1).contains(decay), "EMA decay", decay, "0 or more and less than 1")
    }
    try checkInputs(featureCount: featureCount)
    let byteCount = memoryByteCount(featureCount: featureCount)
    if byteCount > Self.physicalByteCount { throw TrainingError.noMemory(byteCount: byteCount) }
    try require(
      instructionSet.isAvailable, "instruction set", instructionSet.rawValue,
      InstructionSet.available.map(\.rawValue).joined(separator: " or "))
  }

  /// The reference network has 332,000.
  private static let parameterCountMax = 1 << 27

  /// What weights and one batch need, about, the events left aside.
  private func memoryByteCount(featureCount: Int) -> Int {
    let shape = shape(featureCount: featureCount)
    let widths = shape.tensors.map { shape.dimensions(of: $0).reduce(0, +) }.reduce(0, +)
    return MemoryLayout<Float>.stride * (5 * shape.parameterCount + batchSize * widths)
  }

  private static var physicalByteCount: Int {
    sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
  }

  private func checkNoise() throws(TrainingError) {
    try require((1...65_536).contains(levelCount), "noise levels", levelCount, "1 to 65536")
    try require(
      Float(sigmaMin) >= .leastNormalMagnitude && sigmaMin.isFinite, "sigma-min", sigmaMin,
      "a positive number such as 0.01")
    try require(
      Float(sigmaMax).isFinite && (levelCount == 1 ? sigmaMax >= sigmaMin : sigmaMax > sigmaMin),
      "sigma-max", sigmaMax, "a number above sigma-min (\(sigmaMin))")
  }

  private func checkNetwork() throws(TrainingError) {
    try require(
      (16...65_536).contains(hiddenWidth) && hiddenWidth.isMultiple(of: 16), "hidden width",
      hiddenWidth, "a multiple of 16 such as 256, up to 65536")
    try require((1...16).contains(memberCount), "members", memberCount, "1 to 16")
    try require(
      hiddenWidth * memberCount <= 65_536, "members", memberCount,
      "at most \(65_536 / hiddenWidth) of width \(hiddenWidth)")
    try require((1...1_024).contains(blockCount), "blocks", blockCount, "1 to 1024")
  }

  private func checkScoring() throws(TrainingError) {
    if let levels = scoringLevels {
      let valid = levels.allSatisfy { (0..<levelCount).contains($0) }
      try require(
        !levels.isEmpty && valid && Set(levels).count == levels.count, "levels", levels,
        "different levels from 0 to \(levelCount - 1)")
    }
    if let weights = scoringWeights {
      let count = scoringLevels?.count ?? 0
      let valid = weights.allSatisfy { $0 >= 0 && $0.isFinite } && weights.contains { $0 > 0 }
      try require(
        weights.count == count && valid, "weights", weights,
        "\(count) numbers, one a level given, none negative and not all zero")
    }
  }

  private func checkDistance() throws(TrainingError) {
    if case .weighted(let factor) = distance {
      try require(
        Float(factor) >= .leastNormalMagnitude && Float(factor).isFinite, "distance", factor,
        "a positive number such as 2")
    }
  }

  private func checkInputs(featureCount: Int) throws(TrainingError) {
    if let logarithmic = logarithmicFeatures {
      try require(
        logarithmic.count == featureCount, "logarithmic features", "\(logarithmic.count) values",
        "\(featureCount), one a feature")
    }
    if let clip {
      try require(clip > 0 && clip.isFinite, "clip", clip, "a positive number such as 10")
    }
  }

  private func require(
    _ holds: Bool, _ name: String, _ found: some Sendable, _ expected: String
  ) throws(TrainingError) {
    guard holds else {
      throw TrainingError.setting(name: name, found: "\(found)", expected: expected)
    }
  }
}
