internal import ReproducibleMath
internal import Sampling
internal import ScoreEngine
internal import ScoreModel
internal import Testing
internal import Training

/// A network trained on two correlated Gaussian features gives such features back.
@Suite struct DistributionTests {
  private static let correlation = 0.8
  private static let eventCount = 4_000

  @Test(arguments: Scoring.Output.allCases)
  func samplesHaveTheDistributionOfTheTrainingData(output: Scoring.Output) throws {
    let model = try trained(output)
    var recipe = LangevinRecipe()
    recipe.stepsPerLevel = 200
    let sampler = try LangevinSampler(model: model, recipe: recipe, instructionSet: .best)
    var events = [Float](repeating: 0, count: 2 * Self.eventCount)
    try events.withUnsafeMutableBufferPointer {
      try sampler.fill($0, samples: 0..<UInt64(Self.eventCount))
    }
    let a = (0..<Self.eventCount).map { (Double(events[2 * $0]) - 10) / 4 }
    let b = (0..<Self.eventCount).map { (Double(events[2 * $0 + 1]) + 3) / 0.1 }
    for feature in [a, b] {
      #expect(abs(mean(feature)) < 0.06)
      #expect(abs(mean(zip(feature, feature).map(*)) - 1) < 0.1)
      #expect(distanceToNormal(feature) < 0.035)
    }
    #expect(abs(mean(zip(a, b).map(*)) - Self.correlation) < 0.08)
  }

  private func trained(_ output: Scoring.Output) throws -> TrainedModel {
    let stream = RandomStream(seed: 5, stream: 1)
    let rest = Float((1 - Self.correlation * Self.correlation).squareRoot())
    let features: [Float] = (0..<20_000).flatMap { event in
      let a = stream.gaussian(at: UInt64(2 * event))
      let b = Float(Self.correlation) * a + rest * stream.gaussian(at: UInt64(2 * event + 1))
      return [10 + 4 * a, -3 + 0.1 * b]
    }
    var configuration = TrainingConfiguration()
    configuration.steps = 3_000
    configuration.batchSize = 256
    configuration.hiddenWidth = 64
    configuration.blockCount = 1
    configuration.levelCount = 8
    configuration.sigmaMax = 4
    configuration.sigmaMin = 0.1
    configuration.learningRate = 3e-3
    configuration.output = output
    configuration.threads = 2
    return try trainScoreNetwork(
      on: TrainingEvents(features: features, featureCount: 2), configuration: configuration,
      program: "test 1"
    ).model
  }

  private func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(values.count)
  }

  /// Kolmogorov and Smirnov's distance to the standard normal; 0.0215 is exceeded once in twenty
  /// times by 4,000 true ones.
  private func distanceToNormal(_ values: [Double]) -> Double {
    values.sorted().enumerated().map { rank, value in
      let expected = normalDistribution(value)
      return max(
        abs(Double(rank) / Double(values.count) - expected),
        abs(Double(rank + 1) / Double(values.count) - expected))
    }.max() ?? 1
  }

  /// The integral of the density from -8 to x by Simpson's rule, to 1e-9.
  private func normalDistribution(_ x: Double) -> Double {
    let steps = 400
    let width = (min(max(x, -8), 8) + 8) / Double(steps)
    let sum = (0...steps).reduce(0.0) { sum, step in
      let t = -8 + Double(step) * width
      let weight: Double = step == 0 || step == steps ? 1 : step % 2 == 1 ? 4 : 2
      return sum + weight * portableExp(-t * t / 2)
    }
    return sum * width / 3 / (2 * Double.pi).squareRoot()
  }
}
