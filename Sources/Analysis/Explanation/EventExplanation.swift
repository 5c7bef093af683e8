/// Why an event has its score: how much each feature contributed, in all and at each noise level.
package struct EventExplanation: Equatable, Sendable {
  /// The contribution of one noise level.
  package struct Level: Equatable, Sendable {
    /// Index into the model's sigmas.
    package let level: Int
    /// The level's noise, in standard deviations of the features.
    package let sigma: Float
    /// Its weight in the score.
    package let weight: Float
    /// One a feature, the weight included; over the levels and the distance they add up to the
    /// event's.
    package let attributions: [Float]

    /// Creates a level's part.
    package init(level: Int, sigma: Float, weight: Float, attributions: [Float]) {
      self.level = level
      self.sigma = sigma
      self.weight = weight
      self.attributions = attributions
    }

    /// The level's part of the score.
    package var sum: Double { attributions.reduce(0) { $0 + Double($1) } }

    /// Each feature's share of the level's part; nil where that is 0.
    package var shares: [Double]? { EventExplanation.shares(of: attributions) }
  }

  /// The event's place in its sample, from 0.
  package let event: Int
  /// The score; NaN where the event cannot be scored.
  package let score: Float
  /// One a feature; they sum to the score.
  package let attributions: [Float]
  /// The raw features.
  package let features: [Float]
  /// In the order of the scoring.
  package let levels: [Level]
  /// What the distance to training events contributes, one a feature; nil where it is no part of
  /// the score.
  package let distance: [Float]?

  /// Creates an explanation; all lists have one element a feature.
  package init(
    event: Int, score: Float, attributions: [Float], features: [Float], levels: [Level],
    distance: [Float]? = nil
  ) {
    precondition(features.count == attributions.count)
    precondition(levels.allSatisfy { $0.attributions.count == attributions.count })
    self.event = event
    self.score = score
    self.attributions = attributions
    self.features = features
    self.levels = levels
    self.distance = distance
  }

  /// Whether the event has a score that shares can be taken of.
  package var isScored: Bool { score.isFinite }

  /// Each feature's share of the score, in 0 ... 1; nil for an event with no score or score 0.
  package var shares: [Double]? { Self.shares(of: attributions) }

  /// The features in order of their attribution, the largest first; ties by place.
  package var ranking: [Int] { Self.ranking(of: attributions) }

  static func shares(of attributions: [Float]) -> [Double]? {
    let sum = attributions.reduce(0) { $0 + Double($1) }
    guard sum > 0, sum.isFinite else { return nil }
    return attributions.map { Double($0) / sum }
  }

  static func ranking(of attributions: [Float]) -> [Int] {
    attributions.indices.sorted {
      (attributions[$0], $1) > (attributions[$1], $0)
    }
  }
}
