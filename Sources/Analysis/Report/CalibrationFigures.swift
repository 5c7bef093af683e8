internal import Calibration

extension Study {
  /// One a calibrated model: promised and found false-positive rates.
  var calibrationFigures: [Figure] {
    checks.map { check in
      let rates = check.points.flatMap { point -> [Double] in
        let found = point.background.interval
        let promised = point.workingPoint.fprInterval?.lowerBound ?? 1
        let lower = [found.lowerBound, promised].filter { $0 > 0 }
        return [point.workingPoint.targetFPR.value, found.upperBound] + lower
      }
      let low = (rates.min() ?? 1e-4) / 1.6
      let high = min((rates.max() ?? 1) * 1.6, 1)
      let count = Double(check.points.count)
      var chart = Chart(
        x: .logarithmic(low: low, high: max(high, low * 4)), y: .linear(low: -0.1, high: count),
        xTitle: "false-positive rate", yTitle: "",
        legend: [
          Chart.LegendEntry(text: "calibration", style: MarkStyle(colour: "c0", weight: "heavy")),
          Chart.LegendEntry(text: "here", style: MarkStyle(colour: "c1", weight: "heavy")),
          Chart.LegendEntry(
            text: "target", style: MarkStyle(colour: "ink", dash: "dash", weight: "thin")),
        ], plotHeight: 46 * count + 10, top: 24, hasVerticalNumbers: false)
      for (place, point) in check.points.enumerated() {
        let height = count - Double(place) - 0.35
        if let interval = point.workingPoint.fprInterval {
          chart.addInterval(
            max(interval.lowerBound, low)...interval.upperBound, at: height,
            style: MarkStyle(colour: "c0", weight: "heavy"))
        }
        let found = point.background.interval
        chart.addInterval(
          max(found.lowerBound, low)...max(found.upperBound, low), at: height - 0.36,
          style: MarkStyle(colour: "c1", weight: "heavy"))
        if point.background.rate > 0 {
          chart.addDots(
            [SIMD2(point.background.rate, height - 0.36)],
            style: MarkStyle(colour: "c1", dash: "solid"), radius: 3.5)
        }
      }
      chart.addVerticals(
        check.points.map { ($0.workingPoint.targetFPR.value, $0.workingPoint.name) },
        style: MarkStyle(colour: "ink", dash: "dash", weight: "thin"))
      return Figure(
        title: "False-positive rates of \(check.model)",
        picture: chart.picture(label: "false-positive rates of \(check.model)"),
        caption: "Above: where the calibration puts the true rate. Below: what passes here, with "
          + "its interval. Where the two do not meet, this background is not the calibration's.")
    }
  }
}
