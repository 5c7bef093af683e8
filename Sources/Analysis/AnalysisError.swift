/// Why a study cannot be made of the events that were given.
package enum AnalysisError: Error, Equatable, Sendable, CustomStringConvertible {
  /// No event of a sample has a score.
  case noEvents(score: String, sample: String, given: Int)
  /// A baseline cannot be fitted.
  case cannotFit(baseline: String, reason: String)

  /// What is wrong and what to do.
  package var description: String {
    switch self {
    case .noEvents(let score, let sample, 0):
      "\(sample): no events to judge \(score) on; give at least one"
    case .noEvents(let score, let sample, let given):
      "\(sample): none of \(given) events can be scored by \(score) (a feature of each is NaN or "
        + "infinite); give at least one with finite features"
    case .cannotFit(let baseline, let reason):
      "\(baseline) cannot be fitted: \(reason)"
    }
  }
}
