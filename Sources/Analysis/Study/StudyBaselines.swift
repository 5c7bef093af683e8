internal import ScoreModel

/// The baselines of a study: what they were fitted on, and their scores.
struct StudyBaselines: Sendable {
  let scores: [EvaluatedScore]
  let shape: BackgroundShape?
  /// Background events that baselines with a fit are judged on.
  let judged: Range<Int>
  /// Notes for the reader.
  let notes: [String]

  init(_ inputs: StudyInputs, settings: StudySettings) {
    let background = inputs.background.rows
    let standardiser = inputs.models[0].loaded.model.standardiser
    let half = background.count / 2
    judged = inputs.training == nil ? half..<background.count : 0..<background.count
    var notes = Self.standardiserNotes(inputs)
    let fit = Result { () throws(AnalysisError) in
      try BackgroundShape(
        inputs.training?.rows ?? background, events: 0..<(inputs.training?.rows.count ?? half),
        standardiser: standardiser, componentCount: settings.componentCount)
    }
    let shape = try? fit.get()
    if case .failure(let reason) = fit { notes.append("\(reason)") }
    if shape != nil, inputs.training == nil {
      notes.append(
        "baselines were fitted on the first \(half) background events and are judged on the others; "
          + "--training-background gives them events of their own")
    }
    if let shape, shape.rank < shape.variances.count {
      notes.append(
        "background varies in \(shape.rank) of \(shape.variances.count) directions; mahalanobis "
          + "sees no other")
    }
    self.shape = shape
    let samples = ([background] + inputs.signals.map(\.rows)).map {
      BaselineScores($0, standardiser: standardiser, shape: shape, workers: settings.workers)
    }
    scores = Self.scores(samples, shape: shape, judged: judged)
    self.notes = notes
  }

  private static func standardiserNotes(_ inputs: StudyInputs) -> [String] {
    let first = inputs.models[0]
    return inputs.models.dropFirst().filter {
      $0.loaded.model.standardiser != first.loaded.model.standardiser
    }.map {
      "\($0.name) standardises features in another way than \(first.name); baselines use "
        + "\(first.name)'s"
    }
  }

  private static func scores(
    _ samples: [BaselineScores], shape: BackgroundShape?, judged: Range<Int>
  ) -> [EvaluatedScore] {
    var scores = [
      EvaluatedScore(
        name: "norm", kind: .baseline,
        explanation: "squared norm of the standardised features, ||z||^2",
        background: samples[0].norm, signals: samples.dropFirst().map(\.norm))
    ]
    guard let shape else { return scores }
    func add(
      _ name: String, _ explanation: String, _ column: (BaselineScores) -> [Double]?
    ) {
      scores.append(
        EvaluatedScore(
          name: name, kind: .baseline, explanation: explanation,
          background: column(samples[0]) ?? [],
          signals: samples.dropFirst().map { column($0) ?? [] }, judged: judged))
    }
    add("mahalanobis", "squared Mahalanobis distance in \(shape.rank) directions", \.mahalanobis)
    add(
      "pca-residual",
      "squared distance from the plane of \(shape.componentCount) principal components", \.residual)
    return scores
  }
}
