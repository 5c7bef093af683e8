/// The noise levels that make the score of an event, and their weights:
/// `score = sum_l w_l sum_j o_lj^2`.
public struct Scoring: Equatable, Sendable {
  /// What the network's output is.
  public enum Output: String, Sendable, CaseIterable {
    /// The score s(z, sigma) itself.
    case score
    /// The predicted noise; s = -output / sigma.
    case noise
  }

  /// Indices into the model's noise levels, in the order in which they are added; no repeats.
  public var levels: [Int]
  /// One weight for each level, finite and not negative.
  public var weights: [Float]
  /// What the network's output is. Only sampling needs to know it.
  public var output: Output

  /// The scoring of every autoencoder, which has no noise levels: one level of weight 1, whose
  /// outputs are residuals.
  public static let reconstruction = Scoring(levels: [0], weights: [1], output: .score)

  /// Creates a scoring. Weights are 1/n unless given. Traps where there is no level, or not one
  /// weight for each.
  public init(levels: [Int], weights: [Float]? = nil, output: Output) {
    precondition(!levels.isEmpty)
    precondition(weights == nil || weights?.count == levels.count)
    self.levels = levels
    self.weights =
      weights ?? [Float](repeating: 1 / Float(levels.count), count: levels.count)
    self.output = output
  }
}
