internal import CScoreKernels
public import ScoreModel

/// A network's weights and standardiser, packed for the kernels of one instruction set.
///
/// It is never changed after it is made; any number of plans on any threads may share it.
public final class ScoringNetwork: @unchecked Sendable {
  // Unchecked: all that the pointers reach is written in `init` and only read afterwards.

  /// D, the number of raw features of an event.
  public var featureCount: Int { shape.featureCount }
  /// The network's sizes.
  public let shape: NetworkShape
  /// The levels that make a score, and their weights.
  public let scoring: Scoring
  /// How many products of an input and a weight the score of one event takes.
  public var multiplyAddsPerEvent: Int {
    if shape.kind == .autoencoder {
      let weights = shape.tensors.filter { shape.dimensions(of: $0).count == 2 }
      return weights.reduce(0) { $0 + shape.elementCount(of: $1) }
    }
    let level =
      shape.blockCount * shape.hiddenWidth * shape.hiddenWidth
      + shape.hiddenWidth * shape.featureCount
    return shape.featureCount * (shape.hiddenWidth + prototypeCount)
      + scoring.levels.count * level
  }
  /// The training events among which the nearest to an event is looked for; 0 where the score has
  /// no distance.
  public var prototypeCount: Int { packed.distance?.prototypeCount ?? 0 }
  /// The instructions of the kernels in use. They change the speed and no result.
  public let instructionSet: InstructionSet

  let packed: PackedNetwork
  private let memory: FloatMemory

  /// Packs a model. O(parameters).
  ///
  /// Traps where the model has no features, where the hidden width of a score network is no
  /// multiple of 16, where `scoring` does not fit the model, and for an instruction set that is not
  /// available. A model that `TrainedModel.load` has read never traps with its own scoring.
  ///
  /// - Parameters:
  ///   - model: the weights, which must be finite, and the standardiser.
  ///   - scoring: levels and weights to use in place of the model's own. The levels must be among
  ///     the model's, and the weights finite and not negative.
  ///   - withDistance: whether the model's distance, where it has one, is part of the score; without
  ///     it the score is what the levels contribute.
  ///   - instructionSet: one that is available here.
  public init(
    model: TrainedModel, scoring: Scoring? = nil, withDistance: Bool = true,
    instructionSet: InstructionSet
  ) {
    let scoring = scoring ?? model.scoring
    precondition(instructionSet.isAvailable, "\(instructionSet) is not available")
    precondition(model.shape.featureCount >= 1)
    precondition(
      model.kind == .autoencoder
        || model.shape.hiddenWidth >= 16 && model.shape.hiddenWidth % 16 == 0,
      "the hidden width is a multiple of 16")
    precondition(
      model.kind.hasNoiseLevels || scoring == .reconstruction,
      "an autoencoder has no noise levels")
    precondition(scoring.levels.allSatisfy { (0..<model.shape.levelCount).contains($0) })
    precondition(scoring.weights.count == scoring.levels.count)
    precondition(scoring.weights.allSatisfy { $0 >= 0 && $0.isFinite })
    let layout = NetworkLayout(shape: model.shape, levelCount: scoring.levels.count)
    let distance = (withDistance ? model.distance : nil).map(DistanceLayout.init)
    let memory = FloatMemory(pieces: layout.pieces + (distance?.pieces ?? []))
    self.memory = memory
    self.scoring = scoring
    self.instructionSet = instructionSet
    shape = model.shape
    packed = PackedNetwork(
      kernels: tamis_score_kernels_for(instructionSet.isa),
      standardiser: layout.packStandardiser(model.standardiser, into: memory),
      layers: layout.packLayers(model.parameters, into: memory),
      embeddings: layout.packEmbeddings(
        model.parameters, levels: scoring.levels, into: memory),
      embeddingStride: layout.embeddingStride,
      levelWeights: layout.pack(scoring.weights, into: memory),
      levelCount: scoring.levels.count, featureCount: model.shape.featureCount,
      hiddenWidth: model.shape.hiddenWidth, blockCount: model.shape.blockCount,
      isAutoencoder: model.kind == .autoencoder,
      groupEventMax: max(1, groupRowCount / scoring.levels.count),
      distance: distance?.pack(into: memory))
  }

  deinit {
    packed.layers.deallocate()
    packed.standardiser.deallocate()
    packed.distance?.layers.deallocate()
  }
}
