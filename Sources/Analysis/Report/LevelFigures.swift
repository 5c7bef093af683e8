extension Study {
  /// For each model one figure: what each noise level finds by itself.
  var levelFigures: [Figure] {
    levels.compactMap { scan in
      let sigmas = scan.levels.map { Double($0.sigma) }
      guard scan.levels.count > 1, let low = sigmas.min(), let high = sigmas.max(), high > low
      else { return nil }
      let target = scan.levels[0].finding.rates?.first?.target
      // A signal of which nothing passes lies on the axis, at half an event.
      let floor = 0.5 / Double(metrics.scores[0].signals.map(\.signalCount).max() ?? 1)
      let scale =
        target == nil
        ? AxisScale.linear(low: 0, high: 1) : .logarithmic(low: floor, high: 1)
      var chart = Chart(
        x: .logarithmic(low: low / 1.2, high: high * 1.2), y: scale,
        xTitle: "noise level sigma",
        yTitle: target.map { "TPR at FPR \($0.shortText)" } ?? "AUROC",
        legend: signalNames.enumerated().map {
          Chart.LegendEntry(text: $1.shortened(to: 24), style: .signal($0))
        }, top: 24)
      for signal in signalNames.indices {
        let points = scan.levels.map { level in
          SIMD2(
            Double(level.sigma), level.finding.rates?[signal].tpr ?? level.finding.aurocs[signal])
        }.sorted { $0.x < $1.x }
        chart.addLine(points, style: .signal(signal))
        chart.addDots(points, style: .signal(signal), radius: 2.6)
      }
      chart.addVerticals(
        scan.levels.filter { $0.finding.weight != nil }.map { (Double($0.sigma), "\($0.level)") },
        style: MarkStyle(colour: "soft", dash: "dash"))
      return Figure(
        title: "Levels of \(scan.model), each alone",
        picture: chart.picture(label: "levels of \(scan.model), each alone"),
        caption: "Dashed: the levels that make the score.")
    }
  }
}
