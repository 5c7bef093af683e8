internal import ReproducibleMath
internal import ScoreModel

extension Standardiser {
  /// From standardised features back to raw ones, in place: z is cut where the model cuts, x = z
  /// scale + mean, and where the feature entered as log(1 + x), exp(x) - 1, at least 0.
  func invert(_ row: UnsafeMutablePointer<Float>) {
    let limit = clip ?? .infinity
    for feature in mean.indices {
      let z = row[feature]
      // A NaN fails both comparisons and stays.
      let cut = z > limit ? limit : z < -limit ? -limit : z
      let entered = cut * scale[feature] + mean[feature]
      row[feature] = isLogarithmic[feature] ? Self.exponential(entered) : entered
    }
  }

  private static func exponential(_ logarithm: Float) -> Float {
    logarithm <= 0 ? 0 : Float(portableExp(Double(logarithm)) - 1)
  }
}
