internal import ArgumentParser
internal import DurableFiles
internal import ScoreEngine
internal import ScoreModel
internal import StrictJSON
internal import Training

extension TrainCommand {
  /// Whether background chooses the settings that are not given. The recipe of the literature and an
  /// autoencoder do not adapt.
  var adapts: Bool { network == .score && output == .noise && levels.levels == nil }

  /// Noise much narrower than background's finest structure teaches little and costs steps. The recipe
  /// of the literature goes down to 0.01.
  var chosenSigmaMin: Double {
    sigmaMin ?? (output == .score ? 0.01 : TrainingConfiguration().sigmaMin)
  }

  func configuration(
    names: [String]?, featureCount: Int
  ) throws -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    if adapts {
      if steps == nil { configuration.fitted.insert(.steps) }
      if batch == nil { configuration.fitted.insert(.batchSize) }
      if hidden == nil { configuration.fitted.insert(.hiddenWidth) }
      if blocks == nil { configuration.fitted.insert(.blockCount) }
      if members == nil { configuration.fitted.insert(.memberCount) }
      configuration.narrowsNoise = sigmaMax == nil && sigmaMin == nil && noiseLevels == nil
    }
    if let steps { configuration.steps = steps }
    if let batch { configuration.batchSize = batch }
    if let hidden { configuration.hiddenWidth = hidden }
    if let blocks { configuration.blockCount = blocks }
    if let members { configuration.memberCount = members }
    if let sigmaMax { configuration.sigmaMax = sigmaMax }
    if let noiseLevels { configuration.levelCount = noiseLevels }
    configuration.distance = distance.choice
    configuration.seed = seed
    configuration.learningRate = learningRate
    configuration.schedule = learningRateSchedule
    configuration.output = output
    configuration.sigmaMin = chosenSigmaMin
    configuration.emaDecay = ema
    configuration.scoringLevels = levels.levels
    configuration.scoringWeights = weights?.values
    configuration.clip = clip
    configuration.threads = threads ?? processorCount()
    configuration.instructionSet = try InstructionSet.selected()
    if let log1p {
      configuration.logarithmicFeatures = try logarithmic(
        log1p.values, names: names, featureCount: featureCount)
    }
    return configuration
  }

  private func logarithmic(
    _ chosen: [String], names: [String]?, featureCount: Int
  ) throws -> [Bool] {
    var flags = [Bool](repeating: false, count: featureCount)
    for feature in chosen {
      let index = names?.firstIndex(of: feature) ?? Int(feature)
      guard let index, flags.indices.contains(index) else {
        throw ValidationError(
          "--log1p \(feature): no feature of that name or index (0 to \(featureCount - 1))")
      }
      flags[index] = true
    }
    return flags
  }

  func readFeatureNames(_ path: String) throws -> [String] {
    let file = try MappedFile(path)
    let root = try withExtendedLifetime(file) {
      try JSONPlace(
        parsing: file.bytes, file: path, remedy: "the file is a JSON array of feature names")
    }
    return try root.elements().map { try $0.string() }
  }

  func checkNames(_ names: [String]?, featureCount: Int) throws {
    guard let names else { return }
    let file = featureNames ?? background[0]
    if names.count != featureCount {
      throw FileFault(
        file: file, found: "\(names.count) feature names",
        expected: "\(featureCount), as the events")
    }
    if Set(names).count != names.count {
      throw FileFault(file: file, found: "a feature name twice", expected: "different names")
    }
  }
}
