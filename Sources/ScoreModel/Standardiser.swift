/// How raw features become the network's input: `z = clip((t(x) - mean) / scale)`, where `t` is
/// the identity or `log(1 + max(x, 0))` feature by feature.
public struct Standardiser: Equatable, Sendable {
  /// The mean of `t(x)` per feature.
  public var mean: [Float]
  /// The standard deviation of `t(x)` per feature; positive.
  public var scale: [Float]
  /// Whether a feature enters as a logarithm.
  public var isLogarithmic: [Bool]
  /// The |z| at which z is cut; nil where it is not cut.
  public var clip: Float?

  /// Creates a standardiser of `mean.count` features. Traps where the arrays differ in length.
  public init(mean: [Float], scale: [Float], isLogarithmic: [Bool]? = nil, clip: Float? = nil) {
    precondition(mean.count == scale.count)
    precondition(isLogarithmic == nil || isLogarithmic?.count == mean.count)
    self.mean = mean
    self.scale = scale
    self.isLogarithmic = isLogarithmic ?? [Bool](repeating: false, count: mean.count)
    self.clip = clip
  }
}
