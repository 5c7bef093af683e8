internal import Calibration
internal import ReproducibleMath

extension Study {
  var sampleLegend: [Chart.LegendEntry] {
    [Chart.LegendEntry(text: "background", style: .background)]
      + signalNames.enumerated().map {
        Chart.LegendEntry(text: $1.shortened(to: 24), style: .signal($0))
      }
  }

  /// One a model: how scores are distributed, with the calibrated thresholds.
  var scoreFigures: [Figure] {
    histograms.map { histogram in
      let check = checks.first { $0.model == histogram.model }
      let bins = histogram.background
      let thresholds = (check?.points ?? []).map {
        (value: Double($0.workingPoint.threshold), label: $0.workingPoint.name)
      }.filter { $0.value > 0 }
      let rows = Self.labelRowCount(thresholds.count)
      var chart = Chart(
        x: .logarithmic(low: portablePower(10, bins.low), high: portablePower(10, bins.high)),
        y: Self.shareScale([bins] + histogram.signals), xTitle: "score",
        yTitle: "share of events a bin", legend: sampleLegend, top: 10 + Double(rows) * 12)
      Self.add(bins, signals: histogram.signals, to: &chart) { portablePower(10, $0) }
      chart.addVerticals(thresholds, style: MarkStyle(colour: "ink", dash: "dash"))
      return Figure(
        title: "Scores of \(histogram.model)",
        picture: chart.picture(label: "scores of \(histogram.model)"),
        caption: thresholds.isEmpty
          ? "Scores in \(bins.counts.count) bins of the logarithm."
          : "Scores in \(bins.counts.count) bins of the logarithm, and the calibrated thresholds.")
    }
  }

  private static func labelRowCount(_ count: Int) -> Int { min(count, 3) }

  /// A logarithmic axis from half an event of the largest sample to the fullest bin.
  static func shareScale(_ bins: [FixedBins]) -> AxisScale {
    let shares = bins.flatMap { bin in
      bin.counts.filter { $0 > 0 }.map { Double($0) / Double(max(bin.total, 1)) }
    }
    let low = shares.min() ?? 0.1
    let high = shares.max() ?? 1
    return .logarithmic(low: low / 2, high: max(high * 1.5, low * 5))
  }

  static func add(
    _ background: FixedBins, signals: [FixedBins], to chart: inout Chart,
    edge: (Double) -> Double = { $0 }
  ) {
    func add(_ bins: FixedBins, style: MarkStyle, isFilled: Bool) {
      let edges = (0...bins.counts.count).map { edge(bins.low + Double($0) * bins.width) }
      chart.addSteps(
        edges: edges, values: bins.counts.map { Double($0) / Double(max(bins.total, 1)) },
        style: style, isFilled: isFilled)
    }
    add(background, style: .background, isFilled: true)
    for (index, signal) in signals.enumerated() {
      add(signal, style: .signal(index), isFilled: false)
    }
  }
}
