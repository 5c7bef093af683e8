internal import ScoreEngine
internal import ScoreModel

/// Measures a trained network on one training event in twenty (`HeldOutSplit`), level by level.
struct NetworkMeasuring {
  let configuration: TrainingConfiguration
  let events: StandardisedEvents
  let split: HeldOutSplit
  let linear: LinearDenoiser

  /// Rows taken through the network at once, two an event.
  private static let groupRowCount = 64

  /// Nil where there are too few events to measure any.
  func measure(_ parameters: NetworkParameters) throws(TrainingError) -> NetworkMeasurement? {
    guard split.measuredCount > 0 else { return nil }
    let sigmas = configuration.noiseSchedule.sigmas
    let explained = try explainedNoise(parameters, sigmas: sigmas)
    let levels = sigmas.indices.map { level in
      let norm = squaredNorms(parameters, sigmas: sigmas, level: level)
      return NoiseLevelSummary(
        level: level, sigma: sigmas[level],
        explainedNoise: explained[level],
        linearExplainedNoise: linear.explainedNoise(sigma: Double(sigmas[level])),
        normMean: norm.mean, normSpread: norm.spread)
    }
    return NetworkMeasurement(
      levels: levels, eventCount: split.measuredCount, isHeldOut: split.holdsOut)
  }

  private func explainedNoise(
    _ parameters: NetworkParameters, sigmas: [Float]
  ) throws(TrainingError) -> [Double] {
    let kernels = TrainingKernels(configuration.instructionSet)
    let state = try ParameterState(parameters, keepsAverage: false)
    state.updateForward(with: kernels)
    let rows = RowPhase(
      kernels: kernels, parameters: state,
      batch: try BatchMemory(state.padded, rowCount: NetworkMeasuring.groupRowCount),
      events: events, split: split, sigmas: sigmas, output: configuration.output,
      eventStream: TrainingStream.events.seeded(configuration.seed),
      levelStream: TrainingStream.levels.seeded(configuration.seed),
      noiseStream: TrainingStream.measuredNoise.seeded(configuration.seed))
    let memory = try GroupMemory(state.padded, rowMax: NetworkMeasuring.groupRowCount)
    return sigmas.indices.map { rows.explainedNoise(level: $0, split: split, memory: memory) }
  }

  /// Mean and standard deviation over events of the norm that the engine would score them with.
  private func squaredNorms(
    _ parameters: NetworkParameters, sigmas: [Float], level: Int
  ) -> (mean: Double, spread: Double) {
    let featureCount = events.featureCount
    // The events are standardised already.
    let identity = Standardiser(
      mean: [Float](repeating: 0, count: featureCount),
      scale: [Float](repeating: 1, count: featureCount))
    let scoring = Scoring(levels: [level], weights: [1], output: configuration.output)
    let model = TrainedModel(
      parameters: parameters, sigmas: sigmas, standardiser: identity, featureNames: nil,
      scoring: scoring, trainingRecord: nil)
    let network = ScoringNetwork(model: model, instructionSet: configuration.instructionSet)
    let scorer = EventScorer(.exact(network), batchMax: split.measuredCount)
    var norms = [Float](repeating: 0, count: split.measuredCount)
    norms.withUnsafeMutableBufferPointer { norms in
      guard let target = norms.baseAddress else { return }
      scorer.score(
        events: UnsafeRawPointer(
          events.values.base + split.measuredEvent(0) * featureCount),
        eventStride: HeldOutSplit.period * featureCount * MemoryLayout<Float>.stride,
        count: split.measuredCount, scores: target, attributions: nil, attributionStride: 0)
    }
    return meanAndSpread(norms)
  }

  private func meanAndSpread(_ norms: [Float]) -> (mean: Double, spread: Double) {
    var sum = 0.0
    for norm in norms { sum += Double(norm) }
    let mean = sum / Double(norms.count)
    var squares = 0.0
    for norm in norms { squares += (Double(norm) - mean) * (Double(norm) - mean) }
    return (mean, (squares / Double(norms.count)).squareRoot())
  }
}
