internal import NumberText

extension EventExplanation {
  /// Bars of the `top` features, each made of the contributions of the levels.
  func barChart(names: [String], top: Int, colour: String) -> BarChart {
    let shares = shares
    let parts = levels.map(\.attributions) + (distance.map { [$0] } ?? [])
    let partNames =
      levels.map { "sigma \(decimal(Double($0.sigma), digits: 2))" }
      + (distance == nil ? [] : ["distance"])
    return BarChart(
      bars: ranking.prefix(top).map { feature in
        BarChart.Bar(
          name: names[feature],
          parts: parts.map { max(Double($0[feature]), 0) },
          text: shares.map { "\(decimal(100 * $0[feature], digits: 2)) %" } ?? "")
      },
      partNames: partNames, colour: colour)
  }

  /// The bars as an SVG file.
  package func svgFile(names: [String], top: Int) -> String {
    barChart(names: names, top: top, colour: "c0").picture(
      label: "attributions of event \(event), score \(decimal(Double(score), digits: 6))"
    ).file
  }
}

extension LevelAgreement {
  /// One sentence on how stable an attribution is.
  package var sentence: String {
    guard let overlapMin else { return "" }
    let correlation = rankCorrelationMin.map { ", rank correlation \(decimal($0, digits: 2))" }
    return "Between levels: at least \(Int((overlapMin * Double(top)).rounded())) of the "
      + "first \(top) features shared\(correlation ?? "")."
  }
}
