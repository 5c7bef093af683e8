package import StrictJSON

extension EventExplanation {
  /// The `top` features of the largest attribution, and how far the levels agree.
  package func json(names: [String], top: Int, agreement: LevelAgreement) -> JSONValue {
    let shares = shares
    let levelShares = levels.map { Self.shares(of: $0.attributions) }
    return .object([
      "event": .integer(event), "score": .finite(score),
      "features": .array(
        ranking.prefix(top).map { feature in
          .object([
            "feature": .integer(feature), "name": .string(names[feature]),
            "value": .finite(features[feature]),
            "attribution": .finite(attributions[feature]),
            "share": .finite(shares?[feature]),
            "distance": .finite(distance?[feature]),
            "levels": .array(
              levels.indices.map { index in
                .object([
                  "level": .integer(levels[index].level),
                  "attribution": .finite(levels[index].attributions[feature]),
                  "share": .finite(levelShares[index]?[feature]),
                ])
              }),
          ])
        }),
      "levels": .array(
        levels.map {
          .object([
            "level": .integer($0.level), "sigma": .finite($0.sigma),
            "weight": .finite($0.weight), "sum": .finite($0.sum),
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
            "rank_correlation": .finite($0.rankCorrelation), "overlap": .finite($0.overlap),
          ])
        }),
    ])
  }
}
