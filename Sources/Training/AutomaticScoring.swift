package import ScoreModel

/// The choice of the scoring level from background alone.
///
/// Where the noise that a linear filter explains falls most from one level to the next, noise has
/// become as narrow as background itself. The level is one of the three from there on: the one of
/// least noise of which the network still explains an eighth. A finer one shows smaller
/// displacements, and below that share the network's own error is what the norm shows. One level
/// has weight 1. Of an average of networks the finest of the three is left out: there the networks'
/// errors are largest beside what they predict, and at small rates less is found.
/// docs/detector-study.md has what the rule was compared with.
package func automaticScoring(
  _ levels: [NoiseLevelSummary], output: Scoring.Output, isAveraged: Bool = false
) -> Scoring {
  precondition(!levels.isEmpty)
  let whole = scoringBand(levels.map(\.linearExplainedNoise))
  let band = isAveraged && whole.count > 1 ? whole.dropLast() : whole
  let level = band.last { levels[$0].explainedNoise >= explainedNoiseMin } ?? band.lowerBound
  return Scoring(levels: [level], weights: [1], output: output)
}

/// The share of the noise that the network explains at the level that scores, at least.
let explainedNoiseMin = 0.125

/// How many levels the choice is from, and how many a ladder made for them has.
private let bandLevelCount = 3

/// Three levels (or all, where there are fewer) from the lower end of the steepest fall on.
private func scoringBand(_ explainedNoise: [Double]) -> Range<Int> {
  let falls = zip(explainedNoise, explainedNoise.dropFirst()).map { $0 - $1 }
  let steepest = falls.indices.max { falls[$0] < falls[$1] }.map { $0 + 1 } ?? 0
  let start = max(0, min(steepest, explainedNoise.count - bandLevelCount))
  return start..<min(start + bandLevelCount, explainedNoise.count)
}

extension TrainingConfiguration {
  /// The noise levels of the ladder that the scoring level is chosen from.
  private func band(_ linear: LinearDenoiser) -> ArraySlice<Float> {
    let sigmas = noiseSchedule.sigmas
    return sigmas[scoringBand(sigmas.map { linear.explainedNoise(sigma: Double($0)) })]
  }

  /// What the linear filter explains at the finest level that may score.
  func finestExplainedNoise(_ linear: LinearDenoiser) -> Double {
    linear.explainedNoise(sigma: Double(band(linear).last ?? 0))
  }

  /// Takes as noise levels those alone that the scoring level is chosen from, by what the linear
  /// filter explains at each level of the whole ladder: the network then learns nothing else.
  package mutating func narrowNoise(_ linear: LinearDenoiser) {
    let band = band(linear)
    sigmaMax = Double(band.first ?? 0)
    sigmaMin = Double(band.last ?? 0)
    levelCount = band.count
  }
}
