/// One score over all samples: that of one model, baseline or variable for each event.
package struct EvaluatedScore: Sendable {
  /// What gives the score.
  package enum Kind: String, Sendable {
    /// A trained network.
    case model
    /// A simple detector to compare with.
    case baseline
    /// One variable, or a sum of some: the larger, the stranger.
    case variable
  }

  /// Its name, unique within a study.
  package let name: String
  /// Its kind.
  package let kind: Kind
  /// One line on how it comes to be.
  package let explanation: String
  /// A score for each background event; NaN where it has none.
  package let background: [Double]
  /// The same for each signal.
  package let signals: [[Double]]
  /// The background events that the score may be judged on: not those that it was fitted on.
  package let judged: Range<Int>

  /// Creates a score; `judged` is all of the background unless given.
  package init(
    name: String, kind: Kind, explanation: String, background: [Double], signals: [[Double]],
    judged: Range<Int>? = nil
  ) {
    precondition(judged.map { 0 <= $0.lowerBound && $0.upperBound <= background.count } ?? true)
    self.name = name
    self.kind = kind
    self.explanation = explanation
    self.background = background
    self.signals = signals
    self.judged = judged ?? background.indices
  }

  /// The same score judged on fewer background events.
  func restricted(to events: Range<Int>) -> EvaluatedScore {
    EvaluatedScore(
      name: name, kind: kind, explanation: explanation, background: background, signals: signals,
      judged: judged.clamped(to: events))
  }

  /// The background scores that count.
  var backgroundSample: ScoreSample { ScoreSample(background[judged]) }
}
