internal import ReproducibleMath

/// The noise levels' standard deviations: log-spaced, the largest first.
public struct NoiseSchedule: Equatable, Sendable {
  /// The standard deviations, level 0 first, in units of standardised features.
  public let sigmas: [Float]

  /// `levelCount` levels from `sigmaMax` down to `sigmaMin`; a single level is `sigmaMax`.
  public init(sigmaMax: Double, sigmaMin: Double, levelCount: Int) {
    precondition(levelCount >= 1 && sigmaMin > 0 && sigmaMax >= sigmaMin)
    sigmas = (0..<levelCount).map { level in
      if level == 0 { return Float(sigmaMax) }
      if level == levelCount - 1 { return Float(sigmaMin) }
      let place = Double(level) / Double(levelCount - 1)
      return Float(sigmaMax * portablePower(sigmaMin / sigmaMax, place))
    }
  }

  /// The levels that best tell anomalies from background where nothing else is asked for: those
  /// whose sigma lies nearest, as a ratio, to levels 3, 4 and 5 of ten from 5 to 0.01 (0.63, 0.32
  /// and 0.16). Ascending; fewer than three where the levels are too few to differ.
  public var scoringLevels: [Int] {
    let wanted = NoiseSchedule.measuredScoringSigmas.map { nearestLevel(to: $0) }
    return Set(wanted).sorted()
  }

  private func nearestLevel(to sigma: Double) -> Int {
    let distances = sigmas.map { (portableLog(Double($0)) - portableLog(sigma)).magnitude }
    return distances.indices.min { distances[$0] < distances[$1] } ?? 0
  }

  private static let measuredScoringSigmas = [
    5 * portablePower(0.002, 3 / 9.0), 5 * portablePower(0.002, 4 / 9.0),
    5 * portablePower(0.002, 5 / 9.0),
  ]
}

extension TrainingConfiguration {
  /// The noise levels of this recipe.
  public var noiseSchedule: NoiseSchedule {
    NoiseSchedule(sigmaMax: sigmaMax, sigmaMin: sigmaMin, levelCount: levelCount)
  }
}
