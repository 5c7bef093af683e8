internal import Calibration
internal import NumberText

extension Study {
  /// The comparisons in sentences, those first in which a model does not beat a baseline. Without intervals
  /// the numbers alone.
  package var verdicts: [String] {
    guard hasIntervals else {
      return [Self.noIntervalsSentence] + inputs.models.flatMap(belowChance)
        + metrics.comparisons.map { sentence($0) }
    }
    return inputs.models.flatMap { model -> [String] in
      let own = metrics.comparisons.filter { $0.model == model.name }
      let baselines = own.filter { comparison in
        metrics.scores.contains { $0.name == comparison.other && $0.kind == .baseline }
      }
      let unbeaten = own.filter { $0.isBeaten == false }.map { sentence($0) }
      let praise =
        baselines.allSatisfy { $0.isBeaten == true }
        ? ["\(model.name) beats every baseline on every signal"] : []
      return praise + belowChance(model) + unbeaten
    }
  }

  /// Whether differences have intervals, and so whether it can be said which score is better.
  var hasIntervals: Bool { settings.bootstrapRepeats > 0 }

  private static let noIntervalsSentence =
    "no intervals: 0 bootstrap repeats were asked for, and so nothing says whether a difference is more than "
    + "chance; --bootstrap 1000 gives intervals"

  /// Signals that a model finds less strange than background.
  private func belowChance(_ model: StudyModel) -> [String] {
    guard let score = metrics.scores.first(where: { $0.name == model.name }) else { return [] }
    return zip(signalNames, score.signals).filter { $1.auroc < 0.5 }.map { name, signal in
      "\(model.name) finds \(name) less strange than background: AUROC \(decimal(signal.auroc)) is "
        + "below one half"
    }
  }

  private func sentence(_ comparison: Comparison) -> String {
    func numbers(
      _ difference: Comparison.Difference, _ text: (Double) -> String = { decimal($0) }
    ) -> String {
      "\(text(difference.model)) against \(text(difference.other))"
        + (difference.interval.map {
          ", difference \(decimal($0.lowerBound)) to \(decimal($0.upperBound))"
        } ?? "")
    }
    let rate = comparison.rate.map {
      "; TPR at FPR \(comparison.rateTarget?.shortText ?? ""): \(numbers($0))"
    }
    let verdict =
      switch comparison.auroc.verdict {
      case nil: "beside"
      case .worse: "is WORSE than"
      default: "is NOT shown to beat"
      }
    return "\(comparison.model) \(verdict) \(comparison.other) on "
      + "\(signalNames[comparison.signal]): AUROC \(numbers(comparison.auroc, areaText))\(rate ?? "")"
  }

  /// A table a signal: scores as rows, AUROC, average precision and rates as columns.
  package var tables: [String] {
    signalNames.indices.map { signal in
      let header =
        ["\(signalNames[signal])", "AUROC", "", "AP"]
        + settings.targets.map { "TPR@\($0.shortText)" }
      let rows = metrics.scores.map { score in
        let numbers = score.signals[signal]
        return [
          score.name, areaText(numbers.auroc),
          numbers.aurocInterval.map(areaText) ?? "", fixed(numbers.averagePrecision, places: 4),
        ] + numbers.rates.map { $0.isTooFew ? RateAtFPR.tooFewText : rateText($0.tpr) }
      }
      return alignedColumns([header] + rows)
    }
  }

  /// What "too few events" in the tables means; empty where no table has it.
  package var tooFewLine: String {
    let says = metrics.scores.contains { score in
      score.signals.contains { $0.rates.contains(where: \.isTooFew) }
    }
    return says ? Self.tooFewSentence : ""
  }

  static let tooFewSentence =
    "Where it says \"\(RateAtFPR.tooFewText)\", fewer than \(decimal(RateAtFPR.backgroundMin)) "
    + "background events are expected above the threshold."

  /// The rates of calibrated thresholds on these events, a line each.
  package var calibrationLines: [String] {
    checks.flatMap { check in
      check.points.map { point in
        let warning = point.isOffTarget == true ? " OFF TARGET" : ""
        let signals = zip(signalNames, point.signals).map { "\($0) \(decimal($1.rate))" }
        return
          "\(check.model) at \(point.title): background \(point.background.passed) "
          + "of \(point.background.count), rate \(decimal(point.background.rate)) "
          + "[\(decimal(point.background.interval.lowerBound)), "
          + "\(decimal(point.background.interval.upperBound))], target "
          + "\(point.workingPoint.targetFPR)\(warning); \(signals.joined(separator: ", "))"
      }
    }
  }
}

extension FalsePositiveRate {
  /// In powers of ten: `1e-3`, `2.5e-4`.
  var shortText: String {
    var (digits, exponent) = (value, 0)
    while digits < 1 - 1e-9 {
      digits *= 10
      exponent += 1
    }
    return "\(decimal(digits, digits: 6))e-\(exponent)"
  }
}
