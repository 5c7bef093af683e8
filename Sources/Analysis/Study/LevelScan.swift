internal import Calibration
internal import ScoreEngine
internal import ScoreModel

/// Each noise level of a model as a score of its own, and the distance to training events as one.
package struct LevelScan: Sendable {
  /// The results of one part of a score by itself.
  package struct Finding: Equatable, Sendable {
    /// Its weight in the model's score; nil where it is not part of it.
    package let weight: Float?
    /// The median of the part on background, without its weight: for a level the squared norm,
    /// which is D where the output is pure noise of size 1.
    package let backgroundMedian: Double
    /// The area under the ROC curve, one a signal.
    package let aurocs: [Double]
    /// The rates at the target, one a signal; nil where the background is too small for any target.
    package let rates: [RateAtFPR]?
  }

  /// One level.
  package struct Level: Equatable, Sendable {
    /// Index into the model's sigmas.
    package let level: Int
    /// In standard deviations of the features.
    package let sigma: Float
    /// Its results.
    package let finding: Finding
  }

  /// The model's name.
  package let model: String
  /// In the model's order.
  package let levels: [Level]
  /// The distance to the nearest training event; nil where it is no part of the model.
  package let distance: Finding?

  /// More levels than this are not looked at one by one.
  static let levelMax = 64

  init(
    _ model: StudyModel, background: EventRows, signals: [EventRows], settings: StudySettings,
    target: FalsePositiveRate?, note: (_ part: String) -> Void
  ) throws {
    self.model = model.name
    let network = model.loaded.model

    func finding(
      _ part: ScoringNetwork, weight: Float?, unit: Double = 1
    ) throws -> Finding {
      func sample(_ rows: EventRows) throws -> ScoreSample {
        ScoreSample(
          try networkScores(
            of: rows, network: part, workers: settings.workers, batchMax: settings.batchMax))
      }
      let known = try sample(background)
      let samples = try signals.map(sample)
      return Finding(
        weight: weight, backgroundMedian: quantile(0.5, ofAscending: known.ascending) / unit,
        aurocs: samples.map { ROCCurve(background: known, signal: $0).area },
        rates: target.map { target in
          samples.map {
            RateAtFPR(
              target: target, background: known, signal: $0, confidence: settings.confidence)
          }
        })
    }

    levels = try network.sigmas.indices.prefix(Self.levelMax).map { level in
      note("level \(level)")
      let alone = ScoringNetwork(
        model: network, scoring: Scoring(levels: [level], output: network.scoring.output),
        withDistance: false, instructionSet: settings.instructionSet)
      let place = model.scoring.levels.firstIndex(of: level)
      return Level(
        level: level, sigma: network.sigmas[level],
        finding: try finding(alone, weight: place.map { model.scoring.weights[$0] }))
    }
    distance = try network.distance.map { distance in
      note("the distance")
      // A level of weight 0 adds nothing.
      let alone = ScoringNetwork(
        model: network,
        scoring: Scoring(levels: [0], weights: [0], output: network.scoring.output),
        instructionSet: settings.instructionSet)
      return try finding(alone, weight: distance.weight, unit: Double(distance.weight))
    }
  }
}
