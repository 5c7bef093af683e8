/// How annealed Langevin dynamics runs: `stepsPerLevel` steps at each noise level, from the largest
/// to the smallest, each of size `stepRatio` sigma^2.
package struct LangevinRecipe: Equatable, Sendable {
  /// Steps at each noise level, at least 1.
  package var stepsPerLevel = 50
  /// The step size a in units of sigma^2, above 0 and below 2.
  package var stepRatio = 0.5
  /// The seed of all that is random.
  package var seed: UInt64 = 1

  /// The recommended recipe.
  package init() {}
}

/// Why a model gives no samples.
package enum SamplingError: Error, Equatable, CustomStringConvertible {
  /// The model is not a score network.
  case notAScoreNetwork(kind: String)
  /// A setting is out of range.
  case setting(name: String, found: String, expected: String)
  /// A sample left the range of numbers; samples and features count from 0.
  case diverged(sample: UInt64, feature: Int)

  /// One line.
  package var description: String {
    switch self {
    case .notAScoreNetwork(let kind):
      "sampling: found an \(kind), expected a score network: only the gradient of a density can be "
        + "followed to samples of it; train one with tamis train"
    case .setting(let name, let found, let expected):
      "sampling: \(name): found \(found), expected \(expected)"
    case .diverged(let sample, let feature):
      "sampling: sample \(sample), feature \(feature) is no longer a finite number; use a smaller "
        + "--step-ratio, and train longer"
    }
  }
}
