/// Which noise levels make the score of an event, and with which weights:
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
  /// One non-negative weight a level.
  public var weights: [Float]
  /// What the output is; only sampling needs to know.
  public var output: Output

  /// What an autoencoder has in place of noise levels: one level of weight 1, whose outputs are
  /// residuals.
  public static let reconstruction = Scoring(levels: [0], weights: [1], output: .score)

  /// Creates a scoring; weights are 1/n unless given.
  public init(levels: [Int], weights: [Float]? = nil, output: Output) {
    precondition(!levels.isEmpty)
    precondition(weights == nil || weights?.count == levels.count)
    self.levels = levels
    self.weights =
      weights ?? [Float](repeating: 1 / Float(levels.count), count: levels.count)
    self.output = output
  }
}
