internal import NumberText
internal import ReproducibleMath
internal import ScoreModel

extension Study {
  /// The loss of each model whose file tells it.
  var lossFigures: [Figure] {
    inputs.models.enumerated().compactMap { index, model in
      let loss = TrainingRecordFacts(model.loaded.model).loss
      guard loss.count > 1, loss.allSatisfy({ $0.loss > 0 }) else { return nil }
      let values = loss.map(\.loss)
      var chart = Chart(
        x: .linear(low: 0, high: loss[loss.count - 1].step),
        y: Self.logarithmicScale(values), xTitle: "steps", yTitle: "loss")
      chart.addLine(loss.map { SIMD2($0.step, $0.loss) }, style: .score(index, kind: .model))
      return Figure(
        title: "Training loss of \(model.name)",
        picture: chart.picture(label: "loss over training steps"),
        caption: "\(decimal(values[0], digits: 4)) at first, "
          + "\(decimal(values[values.count - 1], digits: 4)) at the end. "
          + "Most of it is noise that no network can predict; it says little of how good the score is."
      )
    }
  }

  /// A logarithmic axis that holds all values and a little more.
  private static func logarithmicScale(_ values: [Double]) -> AxisScale {
    let low = values.min() ?? 1
    let high = values.max() ?? 1
    let margin = max(portablePower(high / low, 0.06), 1.02)
    return .logarithmic(low: low / margin, high: high * margin)
  }
}
