/// How far a model's score orders background as a simpler one does. A score that is nothing but
/// the distance from the middle has a correlation near 1 with |z| or Mahalanobis.
struct ScoreCorrelation: Equatable, Sendable {
  /// The model's name.
  let model: String
  /// The other score's name.
  let other: String
  /// Spearman's correlation over the background that both are judged on; nil for no spread.
  let spearman: Double?

  static func all(among scores: [EvaluatedScore]) -> [ScoreCorrelation] {
    scores.filter { $0.kind == .model }.flatMap { model in
      scores.filter { $0.kind != .model || $0.name != model.name }.map { other in
        let events = model.judged.clamped(to: other.judged)
        return ScoreCorrelation(
          model: model.name, other: other.name,
          spearman: rankCorrelation(
            Array(model.background[events]), Array(other.background[events])))
      }
    }
  }
}
