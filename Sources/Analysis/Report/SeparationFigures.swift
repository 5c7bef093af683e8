internal import Calibration
internal import NumberText
internal import ReproducibleMath

extension Study {
  /// One a signal: true-positive over false-positive rate of every score.
  var rocFigures: [Figure] {
    let count = metrics.scores.map(\.backgroundCount).max() ?? 1
    let floor = max(1 / Double(count), 1e-7)
    return signalNames.indices.map { signal in
      var chart = Chart(
        x: .logarithmic(low: floor, high: 1), y: .linear(low: 0, high: 1),
        xTitle: "false-positive rate", yTitle: "true-positive rate",
        legend: metrics.scores.enumerated().map { index, score in
          Chart.LegendEntry(
            text: score.name.shortened(to: 24), style: .score(index, kind: score.kind))
        } + [Chart.LegendEntry(text: "chance", style: MarkStyle(colour: "soft", weight: "thin"))])
      chart.shade(
        below: RateAtFPR.backgroundMin / Double(count), label: RateAtFPR.tooFewText)
      chart.addLine(
        (0...60).map { step in
          let rate = portablePower(floor, 1 - Double(step) / 60)
          return SIMD2(rate, rate)
        }, style: MarkStyle(colour: "soft", weight: "thin"))
      for (index, score) in metrics.scores.enumerated().reversed() {
        chart.addLine(
          Self.curve(score, signal: signal), style: .score(index, kind: score.kind))
      }
      return Figure(
        title: signalNames[signal],
        picture: chart.picture(label: "ROC curves for \(signalNames[signal])"),
        caption: "What passes of \(signalNames[signal]) and of background as the threshold moves.")
    }
  }

  private static func curve(_ score: ScoreEvaluation, signal: Int) -> [SIMD2<Double>] {
    let evaluation = score.signals[signal]
    return evaluation.curve.map { point in
      SIMD2(
        Double(point.falsePositives) / Double(score.backgroundCount),
        Double(point.truePositives) / Double(evaluation.signalCount))
    }
  }

  /// One a signal: the rates of all scores at the lowest measurable target, with their intervals.
  var rateFigures: [Figure] {
    guard
      let target = Self.lowestTarget(
        settings.targets, backgroundCount: metrics.scores.map(\.backgroundCount).min() ?? 0),
      let column = settings.targets.firstIndex(of: target)
    else { return [] }
    return signalNames.indices.map { signal in
      let bars = metrics.scores.map { score in
        let rate = score.signals[signal].rates[column]
        return BarChart.Bar(
          name: score.name, parts: [rate.tpr],
          text: "\(decimal(rate.tpr)) [\(decimal(rate.tprInterval.lowerBound, digits: 2)), "
            + "\(decimal(rate.tprInterval.upperBound, digits: 2))]")
      }
      return Figure(
        title: "\(signalNames[signal]): TPR at FPR \(target.shortText)",
        picture: BarChart(bars: bars, partNames: [], colour: "c\(signal % MarkStyle.colourCount)")
          .picture(label: "true-positive rates at \(target.shortText) for \(signalNames[signal])"),
        caption: "In brackets: the binomial interval.")
    }
  }
}
