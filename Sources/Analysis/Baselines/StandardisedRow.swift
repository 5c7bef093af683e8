internal import ReproducibleMath
internal import ScoreModel

extension Standardiser {
  /// Standardises one event in float64 as the network does in float32:
  /// `z = clip((t(x) - mean) / scale)`. False where a feature is NaN or infinite.
  func standardise(
    _ raw: UnsafeBufferPointer<Float>.SubSequence, into z: inout [Double]
  ) -> Bool {
    for (feature, value) in raw.enumerated() {
      guard value.isFinite else { return false }
      let x = Double(value)
      let t = isLogarithmic[feature] ? portableLog1p(max(x, 0)) : x
      let scaled = (t - Double(mean[feature])) / Double(scale[feature])
      z[feature] = clip.map { min(max(scaled, -Double($0)), Double($0)) } ?? scaled
    }
    return true
  }
}
