internal import NumberText

extension Study {
  /// The features that differ most, one each.
  var featureFigures: [Figure] {
    contrasts.histograms.enumerated().map { place, histogram in
      let feature = contrasts.features[place]
      let bins = histogram.background
      var chart = Chart(
        x: .linear(low: bins.low, high: bins.high),
        y: Self.shareScale([bins] + histogram.signals),
        xTitle: histogram.isLogarithmic ? "log₁₀(1 + \(feature.name))" : feature.name,
        yTitle: "share of events a bin", legend: sampleLegend, plotHeight: 150)
      Self.add(bins, signals: histogram.signals, to: &chart)
      let distances = zip(signalNames, feature.distances).map { name, distance in
        "\(name) \(distance.map { decimal($0, digits: 2) } ?? "none")"
      }
      return Figure(
        title: feature.name, picture: chart.picture(label: "distributions of \(feature.name)"),
        caption: "KS distance from background: \(distances.joined(separator: ", ")).")
    }
  }

  /// The plane of the first two principal components.
  var scatterFigure: Figure? {
    guard let scatter else { return nil }
    let xs = scatter.clouds.flatMap { $0.points.map(\.x) }.sorted()
    let ys = scatter.clouds.flatMap { $0.points.map(\.y) }.sorted()
    guard !xs.isEmpty else { return nil }
    func scale(_ ascending: [Double]) -> AxisScale {
      let low = quantile(0.003, ofAscending: ascending)
      let high = quantile(0.997, ofAscending: ascending)
      let margin = max(0.04 * (high - low), 1e-6)
      return .linear(low: low - margin, high: high + margin)
    }
    var chart = Chart(
      x: scale(xs), y: scale(ys),
      xTitle: "first component, \(decimal(100 * scatter.explained.x)) % of the variance",
      yTitle: "second, \(decimal(100 * scatter.explained.y)) %",
      legend: scatter.clouds.enumerated().map { index, cloud in
        Chart.LegendEntry(text: cloud.name.shortened(to: 24), style: Self.cloudStyle(index))
      }, plotHeight: 260)
    for (index, cloud) in scatter.clouds.enumerated() {
      chart.addDots(cloud.points, style: Self.cloudStyle(index))
    }
    let counts = scatter.clouds.map { "\($0.points.count) of \($0.name)" }
    return Figure(
      title: "Principal components",
      picture: chart.picture(label: "events in two principal components"),
      caption: "Evenly taken events (\(counts.joined(separator: ", "))) in the plane in which "
        + "background varies most; the outermost few lie beyond the axes.")
  }

  private static func cloudStyle(_ index: Int) -> MarkStyle {
    index == 0 ? MarkStyle(colour: "bg", shape: .dot) : .signal(index - 1, shape: .dot)
  }
}
