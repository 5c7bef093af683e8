/// The performance of a trained network at one noise level, on measured background events.
///
/// It needs no anomaly.
package struct NoiseLevelSummary: Equatable, Sendable {
  /// Index into the model's noise levels.
  package let level: Int
  /// Its standard deviation, in units of standardised features.
  package let sigma: Float
  /// The share of added noise that the network predicts, 1 - E|o - e|^2 / E|e|^2: at most 1,
  /// negative where it would be better to predict none.
  package let explainedNoise: Double
  /// The share that the best linear filter predicts, which knows only background's covariance.
  package let linearExplainedNoise: Double
  /// The mean over events of the squared norm of the output, without noise.
  package let normMean: Double
  /// Its standard deviation over events.
  package let normSpread: Double

  /// A row of the table.
  package init(
    level: Int, sigma: Float, explainedNoise: Double, linearExplainedNoise: Double,
    normMean: Double, normSpread: Double
  ) {
    self.level = level
    self.sigma = sigma
    self.explainedNoise = explainedNoise
    self.linearExplainedNoise = linearExplainedNoise
    self.normMean = normMean
    self.normSpread = normSpread
  }

  /// Whether the network predicts less of the noise than a linear filter would, by more than 0.01
  /// to 0.02. A network may be that much worse where background is Gaussian and the filter is the
  /// best possible.
  var isBelowLinear: Bool {
    explainedNoise < NoiseLevelSummary.linearShare * linearExplainedNoise
  }

  /// Whether the network leaves more than 1.75 times the noise that a linear filter would. At large
  /// sigma the filter is nearly the best possible, and a network comes near it only after many
  /// steps.
  var leavesMuchMoreThanLinear: Bool {
    1 - explainedNoise > NoiseLevelSummary.restShare * (1 - linearExplainedNoise)
  }

  private static let linearShare = 0.97
  private static let restShare = 1.75
}

/// The measurement of a network after its training.
package struct NetworkMeasurement: Equatable, Sendable {
  /// One row a noise level, the largest sigma first.
  package let levels: [NoiseLevelSummary]
  /// How many events were measured.
  package let eventCount: Int
  /// Whether the network never saw them.
  package let isHeldOut: Bool

  /// A table of measured levels.
  package init(levels: [NoiseLevelSummary], eventCount: Int, isHeldOut: Bool) {
    self.levels = levels
    self.eventCount = eventCount
    self.isHeldOut = isHeldOut
  }

  /// The levels that show that the network was trained too little: scoring levels that explain less of
  /// the noise than a linear filter, and any level that leaves far more of it than that filter.
  package func undertrainedLevels(scoringLevels: [Int]) -> [NoiseLevelSummary] {
    levels.filter {
      $0.leavesMuchMoreThanLinear || ($0.isBelowLinear && scoringLevels.contains($0.level))
    }
  }
}
