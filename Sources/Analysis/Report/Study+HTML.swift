internal import Calibration
internal import NumberText

extension Study {
  /// The report as one page that needs nothing from elsewhere: no script, no font, no picture.
  package func html(_ origin: ReportOrigin) -> String {
    let title = title(origin).escapedMarkup
    let sections: [(id: String, title: String, content: String)] = [
      ("summary", "In short", summaryMarkup), ("numbers", "The numbers", numbersMarkup),
      ("roc", "ROC curves", rocMarkup), ("scores", "Scores and thresholds", scoresMarkup),
      ("levels", "Noise levels", levelsMarkup), ("features", "Features", featuresMarkup),
      ("events", "The strangest events, and why", eventsMarkup),
      ("training", "Training and its cost", trainingMarkup),
      ("meaning", "What these numbers do not mean", meaningMarkup),
      ("provenance", "Provenance", provenanceMarkup),
    ]
    let shown = sections.filter { !$0.content.isEmpty }
    let links = shown.map { "<a href=\"#\($0.id)\">\($0.title.escapedMarkup)</a>" }.joined()
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width,initial-scale=1">
      <meta http-equiv="Content-Security-Policy" \
      content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
      <link rel="icon" href="data:,">
      <title>\(title)</title>
      <style>
      \(ReportStyleSheet.text)
      </style></head><body><main>
      <h1>\(title)</h1>
      \(paragraph(subtitle(origin), class: "quiet"))<nav>\(links)</nav>
      \(shown.map { section($0.id, $0.title, $0.content) }.joined())</main></body></html>

      """
  }

  /// The user's own, or which models it is about.
  private func title(_ origin: ReportOrigin) -> String {
    origin.title ?? "Evaluation of \(inputs.models.map(\.name).joined(separator: ", "))"
  }

  private func subtitle(_ origin: ReportOrigin) -> String {
    let signals = inputs.signals.map { "\($0.rows.count) of \($0.name)" }
    return
      "\(inputs.background.rows.count) background events and \(signals.joined(separator: ", ")). "
      + "\(origin.program), \(origin.created). Intervals at confidence "
      + "\(decimal(settings.confidence))."
  }

  private var summaryMarkup: String {
    let baselines = Set(Self.baselineNames)
    let own = metrics.comparisons.filter { baselines.contains($0.other) }
    let isGood = own.allSatisfy { $0.isBeaten == true }
    let list = { (lines: [String]) in
      "<ul>" + lines.map { "<li>\($0.escapedMarkup)</li>" }.joined(separator: "\n") + "</ul>"
    }
    var markup = "<div class=\"\(isGood ? "good" : "warn")\">\(list(verdicts))</div>\n"
    let off = checks.flatMap { check in
      check.points.filter { $0.isOffTarget == true }.map { point in
        "\(check.model) at \(point.workingPoint.name): this background passes at a rate that the "
          + "calibration excludes"
      }
    }
    if !off.isEmpty { markup += "<div class=\"warn\">\(list(off))</div>\n" }
    if !notes.isEmpty { markup += list(notes) + "\n" }
    guard hasIntervals else { return markup }
    markup += paragraph(
      "A model beats a simpler score on a signal when its AUROC or its true-positive rate at the "
        + "lowest measurable false-positive rate is higher by more than the bootstrap interval of "
        + "the difference, and neither is lower by more than that.", class: "quiet")
    return markup
  }

  private var numbersMarkup: String {
    signalNames.indices.map { signal in
      let evaluation = metrics.scores[0].signals[signal]
      return "<h3>\(signalNames[signal].escapedMarkup)</h3>\n"
        + HTMLTable(
          header: ["score", "AUROC", "standard error", "average precision"]
            + settings.targets.map { "TPR at \(unbroken($0.shortText))" },
          rows: metrics.scores.map { numbersRow($0, signal: signal) }
        ).markup
        + paragraph(
          "\(evaluation.signalCount) events. Chance: AUROC 0.5, average precision "
            + "\(decimal(evaluation.chancePrecision)).", class: "quiet")
    }.joined()
      + paragraph(
        (hasIntervals
          ? "AUROC in brackets: bootstrap of \(settings.bootstrapRepeats) repeats; standard error: "
          : "AUROC has no intervals, since 0 bootstrap repeats were asked for; standard error: ")
          + "DeLong. TPR in brackets: Clopper and Pearson, for this threshold. "
          + (tooFewLine.isEmpty ? "" : "\(tooFewLine) ")
          + "report.json has the thresholds and further intervals.",
        class: "quiet")
      + HTMLTable(
        header: ["score", "what it is"],
        rows: metrics.scores.map { [$0.name.escapedMarkup, $0.explanation.escapedMarkup] },
        textColumns: [1]
      ).markup
  }

  private func numbersRow(_ score: ScoreEvaluation, signal: Int) -> [String] {
    let numbers = score.signals[signal]
    return [
      score.name.escapedMarkup,
      stacked(areaText(numbers.auroc), numbers.aurocInterval.map(areaText)),
      numbers.aurocStandardError.map { decimal($0, digits: 2) } ?? "none",
      fixed(numbers.averagePrecision, places: 4),
    ]
      + numbers.rates.map { rate in
        rate.isTooFew
          ? "<span class=\"few\">\(RateAtFPR.tooFewText)</span>"
          : stacked(rateText(rate.tpr), rateText(rate.tprInterval))
      }
  }

  private var rocMarkup: String {
    gallery(rocFigures)
      + paragraph(
        "Solid: models. Dashed: baselines. Dotted: single variables. In the shaded part a threshold "
          + "has fewer than ten background events above it.", class: "quiet") + gallery(rateFigures)
  }

  private var scoresMarkup: String {
    gallery(scoreFigures + calibrationFigures)
      + (checks.isEmpty
        ? paragraph("No calibration was given: no thresholds are drawn.", class: "quiet")
        : calibrationTable) + correlationTable
  }

  private var calibrationTable: String {
    HTMLTable(
      header: ["working point", "target", "threshold", "calibrated interval", "background here"]
        + signalNames.map(\.escapedMarkup),
      rows: checks.flatMap { check in
        check.points.map { calibrationRow(of: check.model, $0) }
      }
    ).markup
  }

  private func calibrationRow(of model: String, _ point: CalibrationCheck.Point) -> [String] {
    let name = "\(model): \(point.workingPoint.name)".escapedMarkup
    let promised = point.workingPoint.fprInterval.map {
      "[\(decimal($0.lowerBound)), \(decimal($0.upperBound))]"
    }
    var row = [
      name, point.workingPoint.targetFPR.shortText, point.thresholdText, promised ?? "none",
    ]
    for passing in [point.background] + point.signals {
      let low = decimal(passing.interval.lowerBound)
      let high = decimal(passing.interval.upperBound)
      row.append("\(decimal(passing.rate)) <small>[\(low), \(high)]</small>")
    }
    return row
  }

  private var correlationTable: String {
    "<h3>How alike scores order background</h3>\n"
      + HTMLTable(
        header: ["model", "other score", "Spearman's correlation"],
        rows: correlations.map {
          [
            $0.model.escapedMarkup, $0.other.escapedMarkup,
            $0.spearman.map { fixed($0, places: 3) } ?? "none",
          ]
        }, textColumns: [1]
      ).markup
      + paragraph(
        "A model whose correlation with norm or mahalanobis is near 1 measures little more than the "
          + "distance from the middle.",
        class: "quiet")
  }

  private var levelsMarkup: String {
    gallery(levelFigures) + levels.map(levelTable).joined()
  }

  private func levelTable(_ scan: LevelScan) -> String {
    let target = scan.levels.first?.finding.rates?.first?.target.shortText
    func row(_ name: String, _ sigma: String, _ finding: LevelScan.Finding) -> [String] {
      [
        name, sigma, finding.weight.map { decimal(Double($0)) } ?? "",
        decimal(finding.backgroundMedian),
      ]
        + signalNames.indices.map { signal in
          stacked(areaText(finding.aurocs[signal]), finding.rates.map { rateText($0[signal].tpr) })
        }
    }
    return (levels.count > 1 ? "<h3>\(scan.model.escapedMarkup)</h3>\n" : "")
      + HTMLTable(
        header: ["level", "sigma", "weight", "median on background"]
          + signalNames.map(\.escapedMarkup),
        rows: scan.levels.map { row("\($0.level)", decimal(Double($0.sigma)), $0.finding) }
          + (scan.distance.map { [row("distance", "", $0)] } ?? [])
      ).markup
      + paragraph(
        "Each signal: AUROC" + (target.map { ", and under it the TPR at \(unbroken($0))." } ?? "."),
        class: "quiet")
  }

  private var featuresMarkup: String {
    let sampled =
      contrasts.steps.contains { $0 > 1 }
      ? " Of large samples one event in \(contrasts.steps.max() ?? 1) was taken at most." : ""
    return paragraph(
      "The \(contrasts.histograms.count) features that differ most between background and any "
        + "signal, by the distance of Kolmogorov and Smirnov; bins hold the central 99.6 % of each "
        + "sample.\(sampled)", class: "quiet") + gallery(featureFigures)
      + (scatterFigure.map { gallery([$0]) } ?? "")
  }

  private var eventsMarkup: String {
    strangest.map { model in
      (strangest.count > 1 ? "<h3>\(model.model.escapedMarkup)</h3>\n" : "")
        + gallery(
          model.groups.enumerated().flatMap { strangestFigures(of: $1, sample: $0) })
    }.joined()
      + paragraph(
        "Bars: the share of the score that each feature contributes, by noise level and distance. An "
          + "attribution says where the network's output is large or the event is far from the "
          + "nearest training event, not what caused it.", class: "quiet")
  }
}
