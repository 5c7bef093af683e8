internal import CScoreKernels
public import ScoreModel

/// The learnt score s(x, sigma): the gradient of the log density of background to which noise of
/// width sigma was added. Sampling follows it. Points x are standardised features.
///
/// It is never changed after it is made; any number of plans on any threads may share it.
public final class ScoreField: Sendable {
  /// The noise levels, level 0 first.
  public let sigmas: [Float]
  let network: ScoringNetwork
  let output: Scoring.Output

  /// D.
  public var featureCount: Int { network.featureCount }

  /// Packs a score network with all its noise levels. O(parameters). Traps for an autoencoder, and
  /// for an instruction set that is not available.
  ///
  /// - Parameters:
  ///   - model: a score network. The output of an autoencoder is no score.
  ///   - instructionSet: an available one.
  public init(model: TrainedModel, instructionSet: InstructionSet) {
    precondition(model.kind == .score, "an autoencoder has no score")
    sigmas = model.sigmas
    output = model.scoring.output
    network = ScoringNetwork(
      model: model,
      scoring: Scoring(levels: Array(model.sigmas.indices), output: model.scoring.output),
      withDistance: false,
      instructionSet: instructionSet)
  }
}

/// The buffers that evaluating a score field needs, made once. One thread at a time may use a plan.
public final class ScoreFieldPlan {
  /// What is evaluated.
  public let field: ScoreField
  private let memory: FloatMemory
  private let buffers: ScoringBuffers

  /// Allocates the buffers; nothing is allocated later.
  public init(field: ScoreField) {
    self.field = field
    memory = FloatMemory(pieces: ScoringBuffers.pieces(field.network.packed))
    buffers = ScoringBuffers(field.network.packed, memory: memory)
  }

  /// Writes the scores of `count` points at one noise level. With the network's output o the score
  /// is s = o, or s = -(o / sigma) where the network predicts the noise. The arithmetic is that of
  /// scoring events: a point's score has the same bits in any batch, on any thread and with any
  /// instruction set. Traps where `count` is negative or there is no such level.
  ///
  /// - Parameters:
  ///   - points: D standardised features a point, row-major.
  ///   - count: the number of points, 0 or more.
  ///   - level: the noise level, an index into `field.sigmas`.
  ///   - scores: receives D floats a point; may be `points`.
  public func evaluate(
    _ points: UnsafePointer<Float>, count: Int, level: Int, scores: UnsafeMutablePointer<Float>
  ) {
    precondition(count >= 0 && field.sigmas.indices.contains(level))
    let featureCount = field.featureCount
    for first in stride(from: 0, to: count, by: groupRowCount) {
      let rowCount = min(groupRowCount, count - first)
      load(points + first * featureCount, rowCount: rowCount)
      ascend(rowCount: rowCount, level: level)
      store(scores + first * featureCount, rowCount: rowCount, sigma: field.sigmas[level])
    }
  }

  /// Brings points into blocks of columns.
  private func load(_ points: UnsafePointer<Float>, rowCount: Int) {
    let featureCount = field.featureCount
    for row in 0..<rowCount {
      for feature in 0..<featureCount {
        buffers.inputs[place(row, feature)] = points[row * featureCount + feature]
      }
    }
  }

  /// Takes the points through the network; the outputs come to lie in `buffers.hidden`.
  private func ascend(rowCount: Int, level: Int) {
    let network = field.network.packed
    tamis_score_dense(
      network.kernels, network.layers, buffers.inputs, rowCount, false, buffers.projection)
    tamis_score_embed(
      network.kernels, buffers.projection, rowCount,
      network.embeddings + level * network.embeddingStride, network.embeddingStride, 1,
      network.hiddenWidth, buffers.hidden, buffers.activated)
    for block in 1...network.blockCount + 1 {
      let isBlock = block <= network.blockCount
      tamis_score_dense(
        network.kernels, network.layers + block, buffers.activated, rowCount, isBlock,
        buffers.hidden)
      guard isBlock else { return }
      tamis_score_activate(
        network.kernels, buffers.hidden, rowCount, network.hiddenWidth, buffers.activated)
    }
  }

  private func store(_ scores: UnsafeMutablePointer<Float>, rowCount: Int, sigma: Float) {
    let featureCount = field.featureCount
    let predictsNoise = field.output == .noise
    for row in 0..<rowCount {
      for feature in 0..<featureCount {
        let output = buffers.hidden[place(row, feature)]
        scores[row * featureCount + feature] = predictsNoise ? -(output / sigma) : output
      }
    }
  }

  /// Where a value of a group lies.
  private func place(_ row: Int, _ column: Int) -> Int {
    (column / blockWidth * groupRowCount + row) * blockWidth + column % blockWidth
  }
}
