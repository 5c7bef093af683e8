/// How far the levels of a score agree on which features make an event strange. Where they do not, an
/// attribution depends on the noise level as much as on the event.
package struct LevelAgreement: Equatable, Sendable {
  /// Two levels.
  package struct Pair: Equatable, Sendable {
    /// Index into the model's sigmas.
    package let first: Int
    /// Index into the model's sigmas.
    package let second: Int
    /// Spearman's correlation of the attributions over features; nil where one has no spread.
    package let rankCorrelation: Double?
    /// The share of the largest `top` features that both have.
    package let overlap: Double
  }

  /// How many of the largest attributions are compared.
  package let top: Int
  /// Every two levels of the score; none for a score of one level.
  package let pairs: [Pair]

  /// Compares the levels of an event; `top` is at least 1 and cut to the number of features.
  package init(_ explanation: EventExplanation, top: Int) {
    let top = min(top, explanation.attributions.count)
    self.top = top
    let levels = explanation.levels
    guard explanation.isScored else {
      pairs = []
      return
    }
    pairs = levels.indices.flatMap { i in
      levels.indices.filter { $0 > i }.map { j in
        let largest = [i, j].map {
          Set(EventExplanation.ranking(of: levels[$0].attributions).prefix(top))
        }
        return Pair(
          first: levels[i].level, second: levels[j].level,
          rankCorrelation: Analysis.rankCorrelation(
            levels[i].attributions.map { Double($0) }, levels[j].attributions.map { Double($0) }),
          overlap: Double(largest[0].intersection(largest[1]).count) / Double(top))
      }
    }
  }

  /// The smallest overlap of any two levels; nil for one level.
  package var overlapMin: Double? { pairs.map(\.overlap).min() }
  /// The smallest rank correlation of any two levels; nil where there is none.
  package var rankCorrelationMin: Double? { pairs.compactMap(\.rankCorrelation).min() }
}
