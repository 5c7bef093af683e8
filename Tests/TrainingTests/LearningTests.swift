internal import ReproducibleMath
internal import ScoreModel
internal import Testing
internal import Training

/// Two correlated Gaussian features: after standardisation z ~ N(0, C), perturbed with sigma
/// N(0, C + sigma^2), whose score is -(C + sigma^2)^-1 x.
@Suite struct LearningTests {
  @Test(arguments: Scoring.Output.allCases)
  func learnsTheScoreOfAGaussian(output: Scoring.Output) throws {
    var configuration = TrainingConfiguration()
    configuration.steps = 1500
    configuration.batchSize = 256
    configuration.hiddenWidth = 32
    configuration.blockCount = 1
    configuration.levelCount = 3
    configuration.sigmaMax = 2
    configuration.sigmaMin = 0.5
    configuration.learningRate = 5e-3
    configuration.output = output
    configuration.threads = 2
    let result = try train(gaussianEvents(), configuration)

    let first = try #require(result.lossHistory.first?.loss)
    let last = try #require(result.lossHistory.last?.loss)
    #expect(last < 0.9 * first)
    let network = ReferenceNetwork(result.model.parameters)
    for level in 0..<3 {
      let sigma = Double(result.model.sigmas[level])
      for x in [[0.0, 0.0], [1, 1], [-1, 0.5], [0.5, -1], [1.5, 0.3]] {
        let o = network.output(x, level: level)
        let learnt = output == .score ? o.map { -sigma * $0 } : o
        let exact = exactNoise(x, sigma: sigma)
        for j in 0..<2 { #expect(abs(learnt[j] - exact[j]) < 0.1, "level \(level) at \(x)") }
      }
    }
  }

  @Test func aMovingAverageFollowsTheParameters() throws {
    var configuration = smallConfiguration()
    configuration.steps = 200
    let plain = try train(smallEvents(), configuration).model.parameters.values
    configuration.emaDecay = 0.9
    let average = try train(smallEvents(), configuration).model.parameters.values
    let start = NetworkParameters(
      random: configuration.shape(featureCount: 37), seed: configuration.seed
    ).values
    #expect(average != plain)
    #expect(distance(average, plain) < 0.1 * distance(start, plain))
  }

  private static let correlation = 0.8

  private func gaussianEvents() -> TrainingEvents {
    let stream = RandomStream(seed: 5, stream: 1)
    let rest = Float((1 - LearningTests.correlation * LearningTests.correlation).squareRoot())
    let features: [Float] = (0..<20_000).flatMap { event in
      let a = stream.gaussian(at: UInt64(2 * event))
      let b =
        Float(LearningTests.correlation) * a + rest * stream.gaussian(at: UInt64(2 * event + 1))
      return [10 + 4 * a, -3 + 0.1 * b]
    }
    return TrainingEvents(features: features, featureCount: 2)
  }

  /// sigma (C + sigma^2)^-1 x
  private func exactNoise(_ x: [Double], sigma: Double) -> [Double] {
    let diagonal = 1 + sigma * sigma
    let other = LearningTests.correlation
    let determinant = diagonal * diagonal - other * other
    return [
      sigma * (diagonal * x[0] - other * x[1]) / determinant,
      sigma * (diagonal * x[1] - other * x[0]) / determinant,
    ]
  }

  private func distance(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }.squareRoot()
  }
}
