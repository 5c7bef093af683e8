internal import ReproducibleMath
internal import ScoreEngine
internal import ScoreModel
internal import Training

/// Correlated events: feature j is a mixture of the same normals as feature j - 1 and others.
func correlatedFeatures(eventCount: Int, featureCount: Int, seed: UInt64 = 7) -> [Float] {
  let stream = RandomStream(seed: seed, stream: 99)
  var features: [Float] = []
  for event in 0..<eventCount {
    let normals = (0...featureCount).map { place in
      stream.gaussian(at: UInt64(event * (featureCount + 1) + place))
    }
    for feature in 0..<featureCount {
      let mixed: Float = normals[feature] + 0.5 * normals[feature + 1]
      features.append(3 + Float(feature) * mixed)
    }
  }
  return features
}

/// A recipe that takes milliseconds.
func smallConfiguration() -> TrainingConfiguration {
  var configuration = TrainingConfiguration()
  configuration.steps = 12
  configuration.batchSize = 150
  configuration.hiddenWidth = 48
  configuration.blockCount = 2
  configuration.levelCount = 3
  return configuration
}

func smallEvents(featureCount: Int = 37, eventCount: Int = 200) -> TrainingEvents {
  TrainingEvents(
    features: correlatedFeatures(eventCount: eventCount, featureCount: featureCount),
    featureCount: featureCount)
}

func train(_ events: TrainingEvents, _ configuration: TrainingConfiguration) throws
  -> TrainingResult
{
  try trainScoreNetwork(on: events, configuration: configuration, program: "test 1")
}
