/// How well a score tells one signal from background.
public struct SignalEvaluation: Equatable, Sendable {
  /// Signal events with a score.
  public let signalCount: Int
  /// Signal events without: NaN scores, left out of every rate here.
  public let notScorableCount: Int
  /// The area under the ROC curve, ties counting one half.
  public let auroc: Double
  /// Its bootstrap interval; nil without repeats.
  public let aurocInterval: ClosedRange<Double>?
  /// Its standard error by DeLong; nil for fewer than two events of a kind.
  public let aurocStandardError: Double?
  /// The average precision at this ratio of sample sizes.
  public let averagePrecision: Double
  /// What precision a score without any knowledge would have: the share of signal events.
  public let chancePrecision: Double
  /// One a target rate.
  public let rates: [RateAtFPR]
  /// Bootstrap intervals of the true-positive rates, which know how uncertain the threshold is.
  public let rateIntervals: [ClosedRange<Double>?]
  /// The curve, thinned for drawing.
  public let curve: [ROCCurve.Point]
}

/// A score and how well it tells each signal from background.
public struct ScoreEvaluation: Equatable, Sendable {
  /// The score's name.
  public let name: String
  /// What gives it.
  public let kind: EvaluatedScore.Kind
  /// One line on how it comes to be.
  public let explanation: String
  /// The background events judged, by their place in the input.
  public let judged: Range<Int>
  /// Of these, how many have a score.
  public let backgroundCount: Int
  /// Of these, how many have none.
  public let notScorableCount: Int
  /// One a signal.
  public let signals: [SignalEvaluation]
}
