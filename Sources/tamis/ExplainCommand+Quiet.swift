internal import Analysis
internal import Calibration
internal import NumberText
internal import StrictJSON

extension ExplainCommand {
  /// Explains a quiet event against the background: each attribution less its mean over background, the
  /// most negative differences first. They say what the event lacks.
  func addQuiet(
    to facts: inout Facts, _ explanation: EventExplanation, names: [String],
    calibration: TriggerCalibration?
  ) {
    guard let calibration, let quiet = calibration.quiet,
      explanation.score < calibration.quietThreshold,
      quiet.attributionMeans.count == explanation.attributions.count
    else { return }
    let means = quiet.attributionMeans
    let differences = zip(explanation.attributions, means).map { $0 - $1 }
    let order = differences.indices.sorted { (differences[$0], $0) < (differences[$1], $1) }
    let shown = order.prefix(shownCount(names.count))
    let rows = shown.map { feature in
      [
        names[feature], short(Double(explanation.attributions[feature])),
        short(Double(means[feature])), short(Double(differences[feature])),
      ]
    }
    facts.add(
      "quiet",
      .object([
        "threshold": .real(calibration.quietThreshold), "mean_score": .real(quiet.meanScore),
        "features": .array(
          shown.map { feature in
            .object([
              "feature": .integer(feature), "name": .string(names[feature]),
              "attribution": .real(explanation.attributions[feature]),
              "mean": .real(means[feature]), "difference": .real(differences[feature]),
            ])
          }),
      ]),
      line: "quiet: the score \(explanation.score) is below the threshold "
        + "\(calibration.quietThreshold); background's mean attributions add up to "
        + "\(quiet.meanScore)\n"
        + alignedColumns([["feature", "attribution", "background mean", "difference"]] + rows))
  }
}
