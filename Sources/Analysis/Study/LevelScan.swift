internal import Calibration
internal import ScoreEngine
internal import ScoreModel

/// Each noise level of a model as a score of its own.
package struct LevelScan: Sendable {
  /// One level.
  package struct Level: Equatable, Sendable {
    /// Index into the model's sigmas.
    package let level: Int
    /// In standard deviations of the features.
    package let sigma: Float
    /// Its weight in the model's score; nil where it is not part of it.
    package let weight: Float?
    /// The median of the squared norm on background: D where the output is pure noise of size 1.
    package let backgroundMedian: Double
    /// The area under the ROC curve, one a signal.
    package let aurocs: [Double]
    /// What passes at the target, one a signal; nil where the background is too small for any.
    package let rates: [RateAtFPR]?
  }

  /// The model's name.
  package let model: String
  /// In the model's order.
  package let levels: [Level]

  /// More levels than this are not looked at one by one.
  package static let levelMax = 64

  init(
    _ model: StudyModel, background: EventRows, signals: [EventRows], settings: StudySettings,
    target: FalsePositiveRate?, note: (_ level: Int) -> Void
  ) throws {
    self.model = model.name
    let network = model.loaded.model
    levels = try network.sigmas.indices.prefix(Self.levelMax).map { level in
      note(level)
      let alone = ScoringNetwork(
        model: network, scoring: Scoring(levels: [level], output: network.scoring.output),
        withDistance: false,
        instructionSet: settings.instructionSet)
      func sample(_ rows: EventRows) throws -> ScoreSample {
        ScoreSample(
          try networkScores(
            of: rows, network: alone, workers: settings.workers, batchMax: settings.batchMax))
      }
      let known = try sample(background)
      let samples = try signals.map(sample)
      let place = model.scoring.levels.firstIndex(of: level)
      return Level(
        level: level, sigma: network.sigmas[level], weight: place.map { model.scoring.weights[$0] },
        backgroundMedian: quantile(0.5, ofAscending: known.ascending),
        aurocs: samples.map { ROCCurve(background: known, signal: $0).area },
        rates: target.map { target in
          samples.map {
            RateAtFPR(
              target: target, background: known, signal: $0, confidence: settings.confidence)
          }
        })
    }
  }
}
