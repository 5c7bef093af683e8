internal import CommandFrame
internal import DurableFiles
internal import NumberText
internal import ScoreModel
internal import StrictJSON
internal import Training

extension Facts {
  /// The loss at the end, beside that of a network that has learnt nothing.
  mutating func add(finalLossOf result: TrainingResult, featureCount: Int) {
    guard let last = result.lossHistory.last else { return add("final_loss", .null) }
    let steps = last.step - (result.lossHistory.dropLast().last?.step ?? 0)
    add(
      "final_loss", .real(last.loss),
      line:
        "final_loss: \(short(last.loss)), the mean of the last \(counted(steps, "step")), summed "
        + "over features; about \(featureCount) without any learning")
  }

  /// Scoring levels and weights, and the performance of the network at each noise level.
  mutating func add(training result: TrainingResult) {
    let choices = result.choices
    add(
      "choices", .array(choices.map { .string($0) }),
      line: choices.map { "chosen: \($0)" }.joined(separator: "\n"))
    add("prototypes", .integer(result.model.distance?.count ?? 0))
    add("distance_weight", .real(result.model.distance?.weight ?? 0))
    let scoring = result.model.scoring
    add(
      "levels", .array(scoring.levels.map { .integer($0) }),
      line: "levels: "
        + scoring.levels.map { "\($0) (sigma \(result.model.sigmas[$0]))" }.joined(separator: ", "))
    add("weights", .array(scoring.weights.map { .real($0) }))
    guard let measurement = result.measurement else { return }
    add("measured_events", .integer(measurement.eventCount))
    add("measured_on_held_out", .bool(measurement.isHeldOut))
    add(
      "noise_levels", .array(measurement.levels.map(object)),
      line: table(measurement, scoring: scoring))
  }

  private func object(_ level: NoiseLevelSummary) -> Value {
    .object([
      "level": .integer(level.level), "sigma": .real(level.sigma),
      "explained_noise": .finite(level.explainedNoise),
      "linear_explained_noise": .finite(level.linearExplainedNoise),
      "norm_mean": .finite(level.normMean), "norm_spread": .finite(level.normSpread),
    ])
  }

  private func table(_ measurement: NetworkMeasurement, scoring: Scoring) -> String {
    let kind = measurement.isHeldOut ? "held-out" : "training"
    let head = "noise levels, on \(measurement.eventCount) \(kind) events:"
    let names = ["level", "sigma", "explained", "linear", "norm mean", "norm spread"]
    let rows = measurement.levels.map { level in
      row([
        "\(level.level)", short(Double(level.sigma)), short(level.explainedNoise),
        short(level.linearExplainedNoise), short(level.normMean),
        short(level.normSpread),
      ]) + (scoring.levels.contains(level.level) ? "  scores" : "")
    }
    return ([head, row(names)] + rows).joined(separator: "\n")
  }

  private func row(_ cells: [String]) -> String {
    cells.map { String(repeating: " ", count: max(1, 12 - $0.count)) + $0 }.joined()
  }
}

/// Says on stderr that the events are few.
func warnOfFewEvents(_ eventCount: Int) {
  if eventCount >= SampleSize.fewEventCount { return }
  complain(
    "warning: \(eventCount) events are few, fewer than \(SampleSize.fewEventCount): the "
      + "network learns little from them, and thresholds for small rates need more; record more "
      + "background")
}

/// Says on stderr which features are constant, but for rounding, and whether most events are copies.
func warnOfSample(_ result: TrainingResult) {
  if !result.roundedFeatures.isEmpty {
    complain(
      "warning: \(names(result.roundedFeatures, of: result)): the values differ by a few steps of "
        + "float32 and no more, which is rounding; the feature is taken for constant"
    )
  }
  let constant = result.constantFeatures
  if !constant.isEmpty {
    let all = constant.count == result.model.shape.featureCount
    complain(
      "warning: \(all ? "all features" : names(constant, of: result)): one value in all events; "
        + (all
          ? "the model has learned nothing; check how the events were made"
          : "the network has not learned what another value means, and events that have one get high "
            + "scores; leave out what changes with time, such as a clock or a number of a run"))
  }
  if result.distinctEventCount < result.eventCount / 2 + 1 {
    complain(
      "warning: of \(counted(result.eventCount, "event")) only \(result.distinctEventCount) are "
        + "different: the network learns the copies, and thresholds made of such events hold for them "
        + "alone; check how the events were made")
  }
}

private func names(_ features: [Int], of result: TrainingResult) -> String {
  let names = features.prefix(8).map { feature in
    result.model.featureNames.map { $0[feature] } ?? "feature \(feature)"
  }
  let more = features.count - names.count
  return names.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
}

/// Says on stderr where the network does worse than a linear filter.
func warnOfUndertraining(_ result: TrainingResult) {
  guard let measurement = result.measurement else { return }
  let scoringLevels = result.model.scoring.levels
  for level in measurement.undertrainedLevels(scoringLevels: scoringLevels) {
    let kind = scoringLevels.contains(level.level) ? "scoring level" : "level"
    complain(
      "warning: at \(kind) \(level.level) (sigma \(short(Double(level.sigma)))) the network "
        + "predicts \(short(level.explainedNoise)) of the noise, a linear filter "
        + "\(short(level.linearExplainedNoise)): it is trained too little; use more --steps")
  }
}
