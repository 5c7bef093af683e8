internal import ReproducibleMath

/// The noise levels' standard deviations: log-spaced, the largest first.
package struct NoiseSchedule: Equatable, Sendable {
  /// The standard deviations, level 0 first, in units of standardised features.
  package let sigmas: [Float]

  /// `levelCount` levels from `sigmaMax` down to `sigmaMin`; a single level is `sigmaMax`.
  package init(sigmaMax: Double, sigmaMin: Double, levelCount: Int) {
    precondition(levelCount >= 1 && sigmaMin > 0 && sigmaMax >= sigmaMin)
    sigmas = (0..<levelCount).map { level in
      if level == 0 { return Float(sigmaMax) }
      if level == levelCount - 1 { return Float(sigmaMin) }
      let place = Double(level) / Double(levelCount - 1)
      return Float(sigmaMax * portablePower(sigmaMin / sigmaMax, place))
    }
  }
}

extension TrainingConfiguration {
  /// The noise levels of this recipe.
  package var noiseSchedule: NoiseSchedule {
    NoiseSchedule(sigmaMax: sigmaMax, sigmaMin: sigmaMin, levelCount: levelCount)
  }
}
