package import ScoreModel

/// The choice of scoring levels and weights from background alone.
///
/// Find the step between two levels at which the noise that a linear filter explains falls most.
/// There the noise has become as narrow as background itself. The score takes the lower of these
/// two levels and the two levels below it. They are a little finer than background's width, where
/// displacements of an event weigh most, and not fine enough for the network's own errors to
/// dominate. The filter depends only on background's covariance: the levels do not change with the
/// training. The norms of the levels differ much in size. The weight of each is the inverse of its
/// spread over background, so that no level dominates, and the weights sum to one.
/// docs/detector-study.md has the comparison with other choices.
package func automaticScoring(
  _ levels: [NoiseLevelSummary], output: Scoring.Output
) -> Scoring {
  precondition(!levels.isEmpty)
  let chosen = scoringBand(levels.map(\.linearExplainedNoise))
  let spreads = chosen.map { levels[$0].normSpread }
  guard spreads.allSatisfy({ $0 > 0 && $0.isFinite && (1 / $0).isFinite }) else {
    return Scoring(levels: Array(chosen), output: output)
  }
  var sum = 0.0
  for spread in spreads { sum += 1 / spread }
  return Scoring(
    levels: Array(chosen), weights: spreads.map { Float(1 / $0 / sum) }, output: output)
}

/// How many levels make the score.
private let bandLevelCount = 3

/// Three levels (or all, where there are fewer) from the lower end of the steepest fall on.
private func scoringBand(_ explainedNoise: [Double]) -> Range<Int> {
  let falls = zip(explainedNoise, explainedNoise.dropFirst()).map { $0 - $1 }
  let steepest = falls.indices.max { falls[$0] < falls[$1] }.map { $0 + 1 } ?? 0
  let start = max(0, min(steepest, explainedNoise.count - bandLevelCount))
  return start..<min(start + bandLevelCount, explainedNoise.count)
}
