internal import ScoreEngine
internal import ScoreModel

extension TrainingConfiguration {
  /// Throws `TrainingError.setting` for the first setting that is out of range.
  func check(featureCount: Int) throws(TrainingError) {
    try require((1...65_535).contains(featureCount), "features", featureCount, "1 to 65535")
    try require(steps >= 1, "steps", steps, "at least 1")
    try require(batchSize >= 1, "batch", batchSize, "at least 1")
    try require(threads >= 1, "threads", threads, "at least 1")
    try require(
      learningRate > 0 && learningRate.isFinite, "learning rate", learningRate,
      "a positive number such as 0.001")
    switch network {
    case .score:
      try checkNoise()
      try checkNetwork()
      try checkScoring()
    case .autoencoder:
      try require(
        !autoencoderLayers.isEmpty && autoencoderLayers.allSatisfy { (1...65_535).contains($0) },
        "autoencoder layers", autoencoderLayers, "one or more widths from 1 to 65535")
    }
    if let decay = emaDecay {
      try require((0..<1).contains(decay), "EMA decay", decay, "0 or more and less than 1")
    }
    try checkInputs(featureCount: featureCount)
    try require(
      instructionSet.isAvailable, "instruction set", instructionSet.rawValue,
      InstructionSet.available.map(\.rawValue).joined(separator: " or "))
  }

  private func checkNoise() throws(TrainingError) {
    try require(levelCount >= 1, "noise levels", levelCount, "at least 1")
    try require(
      Float(sigmaMin) >= .leastNormalMagnitude && sigmaMin.isFinite, "sigma-min", sigmaMin,
      "a positive number such as 0.01")
    try require(
      Float(sigmaMax).isFinite && (levelCount == 1 ? sigmaMax >= sigmaMin : sigmaMax > sigmaMin),
      "sigma-max", sigmaMax, "a number above sigma-min (\(sigmaMin))")
  }

  private func checkNetwork() throws(TrainingError) {
    try require(
      hiddenWidth >= 16 && hiddenWidth.isMultiple(of: 16), "hidden width", hiddenWidth,
      "a multiple of 16 such as 256")
    try require(blockCount >= 1, "blocks", blockCount, "at least 1")
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
