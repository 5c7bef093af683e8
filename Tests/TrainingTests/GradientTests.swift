internal import ReproducibleMath
internal import ScoreModel
internal import Testing
internal import Training

/// The gradient of the first step against central differences of the loss in float64, and the
/// batch drawn as documented.
@Suite struct GradientTests {
  @Test(arguments: Scoring.Output.allCases)
  func gradientIsThatOfTheDocumentedLoss(output: Scoring.Output) throws {
    var configuration = smallConfiguration()
    configuration.steps = 1
    configuration.output = output
    let events = try StandardisedEvents(smallEvents(), logarithmic: nil, clip: nil)
    let run = try TrainingRun(configuration, events: events)
    run.work(thread: 0) {}
    let gradient = run.gradientMeans
    let start = NetworkParameters(
      random: configuration.shape(featureCount: 37), seed: configuration.seed)
    let problem = FirstStep(configuration, events: events)

    #expect(abs(problem.loss(ReferenceNetwork(start)) / run.history.smoothedLoss - 1) < 1e-5)
    for tensor in start.shape.tensors {
      let largest = gradient[tensor].map { 10 * abs(Double($0)) }.max() ?? 0
      #expect(largest > 1e-4, "\(tensor)")
      for place in samples(of: start.shape.range(of: tensor)) {
        let expected = problem.derivative(ReferenceNetwork(start), place)
        let found = 10 * Double(gradient.values[place])
        #expect(abs(found - expected) <= 3e-6 * largest + 1e-9, "\(tensor) \(place)")
      }
    }
  }

  /// The first, the last and some between.
  private func samples(of range: Range<Int>) -> [Int] {
    Array(stride(from: range.lowerBound, to: range.upperBound, by: range.count / 7 + 1))
      + [range.upperBound - 1]
  }
}

/// The batch of the first step, drawn number by number.
private struct FirstStep {
  let perturbed: [[Double]]
  let noise: [[Double]]
  let levels: [Int]
  let sigmas: [Double]
  let output: Scoring.Output

  init(_ configuration: TrainingConfiguration, events: StandardisedEvents) {
    let eventStream = TrainingStream.events.seeded(configuration.seed)
    let levelStream = TrainingStream.levels.seeded(configuration.seed)
    let noiseStream = TrainingStream.noise.seeded(configuration.seed)
    let sigmas = configuration.noiseSchedule.sigmas.map { Double($0) }
    let features = 0..<events.featureCount
    var perturbed: [[Double]] = []
    var noise: [[Double]] = []
    var levels: [Int] = []
    for row in 0..<configuration.batchSize {
      let event = events[eventStream.integer(below: events.eventCount, at: UInt64(row))]
      let level = levelStream.integer(below: sigmas.count, at: UInt64(row))
      let e = features.map {
        Double(noiseStream.gaussian(at: UInt64(row * events.featureCount + $0)))
      }
      levels.append(level)
      noise.append(e)
      perturbed.append(features.map { Double(event[$0]) + sigmas[level] * e[$0] })
    }
    self.perturbed = perturbed
    self.noise = noise
    self.levels = levels
    self.sigmas = sigmas
    output = configuration.output
  }

  /// sigma^2 |s + e / sigma|^2 or |o - e|^2, the mean over the batch.
  func loss(_ network: ReferenceNetwork) -> Double {
    let losses = levels.indices.map { row in
      let sigma = sigmas[levels[row]]
      let o = network.output(perturbed[row], level: levels[row])
      return o.indices.reduce(0.0) { sum, j in
        let e = noise[row][j]
        let residual = output == .score ? o[j] + e / sigma : o[j] - e
        return sum + (output == .score ? sigma * sigma : 1) * residual * residual
      }
    }
    return losses.reduce(0, +) / Double(losses.count)
  }

  func derivative(_ network: ReferenceNetwork, _ place: Int) -> Double {
    var above = network
    var below = network
    above.values[place] += 1e-5
    below.values[place] -= 1e-5
    return (loss(above) - loss(below)) / 2e-5
  }
}
