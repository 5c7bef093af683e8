internal import Calibration

/// A model against a simpler score on the same events.
package struct Comparison: Equatable, Sendable {
  /// The conclusion about a difference.
  package enum Verdict: String, Sendable {
    /// The model's value is greater and the interval of the difference lies above 0.
    case better
    /// The interval holds 0.
    case undecided
    /// The model's value is smaller and the interval of the difference lies below 0.
    case worse
    /// The values are equal and so were those of every repeat.
    case equal
  }

  /// A number of both on the background that both may be judged on.
  package struct Difference: Equatable, Sendable {
    /// Of the model.
    package let model: Double
    /// Of the other score.
    package let other: Double
    /// The bootstrap interval of model minus other over the same draws; nil without repeats.
    package let interval: ClosedRange<Double>?

    /// What can be said; nil without an interval.
    package var verdict: Verdict? {
      guard let interval else { return nil }
      if model == other, interval == 0...0 { return .equal }
      if interval.lowerBound > 0, model > other { return .better }
      if interval.upperBound < 0, model < other { return .worse }
      return .undecided
    }
  }

  /// The model's name.
  package let model: String
  /// The other score's name.
  package let other: String
  /// Index of the signal.
  package let signal: Int
  /// Areas under the ROC curve.
  package let auroc: Difference
  /// True-positive rates at the lowest target rate that the background has events for.
  package let rate: Difference?
  /// That target.
  let rateTarget: FalsePositiveRate?

  /// Whether the model beats the other score: better in one number beyond its uncertainty, and
  /// worse in none. Nil without intervals, which are what would tell.
  package var isBeaten: Bool? {
    guard auroc.interval != nil else { return nil }
    let verdicts = [auroc.verdict] + (rate.map { [$0.verdict] } ?? [])
    return verdicts.contains(.better) && !verdicts.contains(.worse)
  }
}
