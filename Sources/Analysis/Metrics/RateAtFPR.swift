package import Calibration

/// The share of a signal that passes at a target false-positive rate.
///
/// The threshold is the loosest for which the share of background events with a greater score is
/// at most the target: the (k + 1)-th largest background score, k the largest integer with
/// k / n <= target. That is the reading of a ROC curve without interpolation,
/// `tpr[searchsorted(fpr, target, "right") - 1]`.
package struct RateAtFPR: Equatable, Sendable {
  /// The rate asked for.
  package let target: FalsePositiveRate
  /// Events with a greater score pass; -infinity where all do, +infinity where none can.
  package let threshold: Double
  /// Background events that pass, at most k; fewer where scores are tied.
  package let falsePositives: Int
  /// n.
  package let backgroundCount: Int
  /// Signal events that pass.
  package let truePositives: Int
  /// m.
  package let signalCount: Int
  /// Clopper and Pearson's interval for the signal's rate above this threshold.
  package let tprInterval: ClosedRange<Double>
  /// Where the true false-positive rate of the threshold lies, by the law of order statistics.
  package let fprInterval: ClosedRange<Double>

  /// Share of background events that pass.
  package var fpr: Double { Double(falsePositives) / Double(backgroundCount) }
  /// Share of signal events that pass.
  package var tpr: Double { Double(truePositives) / Double(signalCount) }

  /// With fewer background events than this above the threshold its place is left to chance: ten have
  /// a standard deviation of a third of their number.
  static let backgroundMin = 10.0

  /// The words for it in a page, a table and a picture.
  static let tooFewText = "too few events"

  /// Whether the background has too few events for the target: n x target < 10.
  package var isTooFew: Bool { !Self.isMeasurable(target, backgroundCount: backgroundCount) }

  /// Whether `count` background events are enough for the rate.
  static func isMeasurable(_ target: FalsePositiveRate, backgroundCount count: Int) -> Bool {
    Double(count) * target.value >= backgroundMin * (1 - 1e-12)
  }

  /// Reads off the rates of two samples, neither of which may be empty.
  package init(
    target: FalsePositiveRate, background: ScoreSample, signal: ScoreSample, confidence: Double
  ) {
    precondition(background.count > 0 && signal.count > 0, "rates of no events")
    let n = background.count
    let k = allowedCount(target.value, of: n)
    self.target = target
    threshold = k < n ? background.ascending[n - 1 - k] : -.infinity
    falsePositives = k < n ? background.count(above: threshold) : n
    backgroundCount = n
    // With k = n all events pass, those with score -infinity too.
    truePositives = k < n ? signal.count(above: threshold) : signal.count
    signalCount = signal.count
    tprInterval = clopperPearson(
      successes: truePositives, trials: signal.count, confidence: confidence)
    fprInterval =
      k < n ? trueRateInterval(rank: n - k, of: n, confidence: confidence) : 1...1
  }
}

/// The largest k with k / count <= rate, in float64 as the ROC curve's rates are.
func allowedCount(_ rate: Double, of count: Int) -> Int {
  var k = min(count, Int(rate * Double(count)))
  while k < count, Double(k + 1) / Double(count) <= rate { k += 1 }
  while k > 0, Double(k) / Double(count) > rate { k -= 1 }
  return k
}
