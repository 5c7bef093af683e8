/// How well a score tells one signal from background.
package struct SignalEvaluation: Equatable, Sendable {
  /// Signal events with a score.
  package let signalCount: Int
  /// Signal events without: NaN scores, left out of every rate here.
  package let notScorableCount: Int
  /// The area under the ROC curve, ties counting one half.
  package let auroc: Double
  /// Its bootstrap interval; nil without repeats.
  package let aurocInterval: ClosedRange<Double>?
  /// Its standard error by DeLong; nil for fewer than two events of a kind.
  package let aurocStandardError: Double?
  /// The average precision at this ratio of sample sizes.
  package let averagePrecision: Double
  /// What precision a score without any knowledge would have: the share of signal events.
  let chancePrecision: Double
  /// One a target rate.
  package let rates: [RateAtFPR]
  /// Bootstrap intervals of the true-positive rates, which know how uncertain the threshold is.
  package let rateIntervals: [ClosedRange<Double>?]
  /// The curve, thinned for drawing.
  package let curve: [ROCCurve.Point]
}

/// A score and how well it tells each signal from background.
package struct ScoreEvaluation: Equatable, Sendable {
  /// The score's name.
  package let name: String
  /// What gives it.
  package let kind: EvaluatedScore.Kind
  /// One line on how it comes to be.
  package let explanation: String
  /// The background events judged, by their place in the input.
  package let judged: Range<Int>
  /// Of these, how many have a score.
  package let backgroundCount: Int
  /// Of these, how many have none.
  package let notScorableCount: Int
  /// One a signal.
  package let signals: [SignalEvaluation]
}
