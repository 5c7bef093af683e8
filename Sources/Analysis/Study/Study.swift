internal import Calibration
internal import ReproducibleMath
internal import ScoreEngine
internal import ScoreModel

/// All that a report shows: how well scores tell signals from background, with pictures and
/// explanations.
package struct Study: Sendable {
  /// The inputs that it was made of.
  package let inputs: StudyInputs
  /// How it was made.
  package let settings: StudySettings
  /// The numbers of every score.
  package let metrics: StudyMetrics
  /// Notes that the reader should see first.
  package let notes: [String]
  /// Each level of each model by itself.
  package let levels: [LevelScan]
  /// The rates of calibrated thresholds here.
  let checks: [CalibrationCheck]
  /// Flags of pure background.
  let hourly: [HourlyFlags]
  /// How the models order background beside other scores.
  let correlations: [ScoreCorrelation]
  /// Distributions of each model's scores.
  let histograms: [ScoreHistograms]
  /// How features differ.
  package let contrasts: FeatureContrasts
  /// The plane of the first two principal components; nil where no baseline could be fitted.
  let scatter: ComponentScatter?
  /// The shape of background that the baselines use; nil where it could not be fitted.
  let shape: BackgroundShape?
  /// The strangest events of each model.
  package let strangest: [StrangestEvents]

  /// Scores all samples and computes everything.
  ///
  /// - Parameter note: gets a line on what is being done, now and then, on the calling thread.
  /// - Throws: `AnalysisError` where a sample has no event that can be scored.
  package init(
    _ inputs: StudyInputs, settings: StudySettings, note: (String) -> Void = { _ in }
  ) throws {
    self.inputs = inputs
    self.settings = settings
    let samples = [inputs.background.rows] + inputs.signals.map(\.rows)
    for sample in samples where sample.count == 0 {
      throw AnalysisError.noEvents(score: inputs.models[0].name, sample: sample.name, given: 0)
    }
    let models = try inputs.models.map { model in
      try Self.scores(of: model, samples: samples, settings: settings, note: note)
    }
    note("baselines")
    let baselines = StudyBaselines(inputs, settings: settings)
    let scores = models + baselines.scores + Self.variables(inputs)
    note("metrics, \(settings.bootstrapRepeats) bootstrap repeats")
    metrics = try StudyMetrics(
      scores: scores, signalNames: inputs.signals.map(\.name), targets: settings.targets,
      plan: settings.bootstrap)
    let target = Self.lowestTarget(
      settings.targets, backgroundCount: metrics.scores[0].backgroundCount)
    levels = try inputs.models.map { model in
      try LevelScan(
        model, background: samples[0], signals: Array(samples.dropFirst()), settings: settings,
        target: target
      ) { note("\(model.name): \($0) alone") }
    }
    note("pictures")
    checks = zip(inputs.models, models).compactMap {
      CalibrationCheck($0, score: $1, confidence: settings.confidence)
    }
    hourly = HourlyFlags.all(
      checks: checks, scores: metrics.scores, inputRate: settings.inputRate)
    correlations = ScoreCorrelation.all(among: scores)
    histograms = models.compactMap { ScoreHistograms($0) }
    contrasts = FeatureContrasts(
      background: samples[0], signals: Array(samples.dropFirst()), names: inputs.featureNames,
      isLogarithmic: inputs.models[0].loaded.model.standardiser.isLogarithmic)
    shape = baselines.shape
    scatter = baselines.shape.flatMap {
      ComponentScatter(
        $0, background: samples[0], signals: Array(samples.dropFirst()), judged: baselines.judged)
    }
    strangest = try zip(inputs.models, models).map {
      try StrangestEvents(
        $0, score: $1, samples: samples, instructionSet: settings.instructionSet)
    }
    notes = baselines.notes + Self.notScorableNotes(metrics.scores, inputs)
  }

  private static func scores(
    of model: StudyModel, samples: [EventRows], settings: StudySettings, note: (String) -> Void
  ) throws -> EvaluatedScore {
    let network = ScoringNetwork(
      model: model.loaded.model, scoring: model.scoring, instructionSet: settings.instructionSet)
    let scores = try samples.map { rows in
      try networkScores(
        of: rows, network: network, workers: settings.workers, batchMax: settings.batchMax
      ) { note("\(model.name): \(rows.name), \($0) of \(rows.count) events") }
    }
    return EvaluatedScore(
      name: model.name, kind: .model, explanation: model.explanation, background: scores[0],
      signals: Array(scores.dropFirst()))
  }

  private static func variables(_ inputs: StudyInputs) -> [EvaluatedScore] {
    inputs.variables.map { variable in
      EvaluatedScore(
        name: variable.name, kind: .variable,
        explanation: variable.featureNames.joined(separator: " + ") + ", the larger the stranger",
        background: variable.scores(of: inputs.background.rows),
        signals: inputs.signals.map { variable.scores(of: $0.rows) })
    }
  }

  /// The names that baselines have in every study.
  package static let baselineNames = ["norm", "mahalanobis", "pca-residual"]

  /// The lowest rate that the background has events for, or nil.
  static func lowestTarget(
    _ targets: [FalsePositiveRate], backgroundCount: Int
  ) -> FalsePositiveRate? {
    targets.filter { RateAtFPR.isMeasurable($0, backgroundCount: backgroundCount) }.min()
  }

  private static func notScorableNotes(
    _ scores: [ScoreEvaluation], _ inputs: StudyInputs
  ) -> [String] {
    guard let first = scores.first else { return [] }
    let counts =
      [(inputs.background.name, first.notScorableCount)]
      + zip(inputs.signals, first.signals).map { ($0.name, $1.notScorableCount) }
    return counts.filter { $0.1 > 0 }.map {
      "\($0.0): \($0.1) events have a NaN or infinite feature, no score, and no part in any rate"
    }
  }
}
