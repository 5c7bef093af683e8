package import StrictJSON

extension EventExplanation {
  /// The `top` features of the largest attribution, and how far the levels agree.
  package func json(names: [String], top: Int, agreement: LevelAgreement) -> JSONValue {
    let shares = shares
    let levelShares = levels.map { Self.shares(of: $0.attributions) }
    return .object([
      "event": .integer(event), "score": .measured(score),
      "features": .array(
        ranking.prefix(top).map { feature in
          .object([
            "feature": .integer(feature), "name": .string(names[feature]),
            "value": .measured(features[feature]),
            "attribution": .measured(attributions[feature]),
            "share": .measured(shares?[feature]),
            "distance": .measured(distance?[feature]),
            "levels": .array(
              levels.indices.map { index in
                .object([
                  "level": .integer(levels[index].level),
                  "attribution": .measured(levels[index].attributions[feature]),
                  "share": .measured(levelShares[index]?[feature]),
                ])
              }),
          ])
        }),
      "levels": .array(
        levels.map {
          .object([
            "level": .integer($0.level), "sigma": .measured($0.sigma),
            "weight": .measured($0.weight), "sum": .measured($0.sum),
          ])
        }), "agreement": agreement.json,
    ])
  }
}

extension LevelAgreement {
  /// All pairs of levels.
  package var json: JSONValue {
    .object([
      "top": .integer(top),
      "pairs": .array(
        pairs.map {
          .object([
            "levels": .array([.integer($0.first), .integer($0.second)]),
            "rank_correlation": .measured($0.rankCorrelation), "overlap": .measured($0.overlap),
          ])
        }),
    ])
  }
}
