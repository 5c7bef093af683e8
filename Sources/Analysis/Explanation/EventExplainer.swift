package import ScoreEngine
package import ScoreModel

/// Explains single events by a model's attributions.
package struct EventExplainer: Sendable {
  private let network: ScoringNetwork
  private let levels: [(level: Int, sigma: Float, weight: Float, network: ScoringNetwork)]

  /// Packs the model once for the score and once for each of its levels.
  package init(model: TrainedModel, scoring: Scoring, instructionSet: InstructionSet) {
    network = ScoringNetwork(model: model, scoring: scoring, instructionSet: instructionSet)
    levels = zip(scoring.levels, scoring.weights).map { level, weight in
      let alone = Scoring(levels: [level], weights: [weight], output: scoring.output)
      return (
        level, model.sigmas[level], weight,
        ScoringNetwork(
          model: model, scoring: alone, withDistance: false, instructionSet: instructionSet)
      )
    }
  }

  /// Explains `events` of `rows`, in their order.
  package func explain(_ events: [Int], of rows: EventRows) throws -> [EventExplanation] {
    let totals = try networkAttributions(of: events, in: rows, network: network)
    let single = try levels.map {
      try networkAttributions(of: events, in: rows, network: $0.network)
    }
    return events.indices.map { place in
      EventExplanation(
        event: events[place], score: totals[place].score, attributions: totals[place].attributions,
        features: rows.features(of: events[place]),
        levels: levels.indices.map { index in
          EventExplanation.Level(
            level: levels[index].level, sigma: levels[index].sigma, weight: levels[index].weight,
            attributions: single[index][place].attributions)
        },
        distance: distance(totals[place].attributions, of: single.map { $0[place].attributions }))
    }
  }

  /// What the levels leave of an event's attributions, where the score has a distance.
  private func distance(_ attributions: [Float], of levels: [[Float]]) -> [Float]? {
    if network.prototypeCount == 0 { return nil }
    return attributions.indices.map { feature in
      levels.reduce(attributions[feature]) { $0 - $1[feature] }
    }
  }

  /// The scores of all events.
  package func scores(of rows: EventRows, workers: Int, batchMax: Int) throws -> [Double] {
    try networkScores(of: rows, network: network, workers: workers, batchMax: batchMax)
  }

  /// The mean share of each feature over all events with a score, and how many these are; the
  /// shares are zeros where there is none.
  package func meanShares(
    of rows: EventRows, workers: Int, batchMax: Int
  ) throws -> (shares: [Double], count: Int) {
    var sums = [Double](repeating: 0, count: rows.featureCount)
    var count = 0
    let width = rows.featureCount
    try scoreInParallel(
      network: network, workers: workers, eventCount: rows.count, batchMax: batchMax,
      wantsAttributions: true, readFeatures: { rows.copyFeatures($0, $1) },
      consume: { range, scores, attributions in
        guard let attributions else { return }
        for place in 0..<range.count where scores[place].isFinite && scores[place] > 0 {
          count += 1
          for feature in 0..<width {
            sums[feature] += Double(attributions[place * width + feature] / scores[place])
          }
        }
      })
    return (sums.map { $0 / Double(max(count, 1)) }, count)
  }
}
