internal import CScoreKernels
internal import ScoreModel

/// The parts of a network in its block of memory, and how they are written there.
struct NetworkLayout {
  let shape: NetworkShape
  /// The number of scoring levels.
  let levelCount: Int

  var embeddingStride: Int { FloatMemory.padded(shape.hiddenWidth) }
  /// An autoencoder has no embeddings.
  private var embeddingCount: Int { shape.kind == .score ? levelCount * embeddingStride : 0 }
  private var paddedFeatureCount: Int { FloatMemory.padded(shape.featureCount) }

  /// Lengths of all the pieces that are taken.
  var pieces: [Int] {
    layers.flatMap { $0.layer.pieces } + [embeddingCount, levelCount]
      + [Int](repeating: shape.featureCount, count: 3)
  }

  private var layers: [(layer: PackedLayer, weight: NetworkTensor, bias: NetworkTensor)] {
    if shape.kind == .autoencoder { return autoencoderLayers }
    let (features, hidden) = (shape.featureCount, shape.hiddenWidth)
    let input = PackedLayer(inputCount: features, outputCount: hidden)
    let block = PackedLayer(inputCount: hidden, outputCount: hidden)
    let output = PackedLayer(inputCount: hidden, outputCount: features)
    return [(input, .inputWeight, .inputBias)]
      + (0..<shape.blockCount).map { (block, .blockWeight($0), .blockBias($0)) }
      + [(output, .outputWeight, .outputBias)]
  }

  private var autoencoderLayers: [(layer: PackedLayer, weight: NetworkTensor, bias: NetworkTensor)]
  {
    (0...shape.blockCount + 1).map { index in
      let dimensions = shape.dimensions(of: .layerWeight(index))
      return (
        PackedLayer(inputCount: dimensions[1], outputCount: dimensions[0]), .layerWeight(index),
        .layerBias(index)
      )
    }
  }

  /// The layers in order; the caller deallocates the list.
  func packLayers(
    _ parameters: NetworkParameters, into memory: FloatMemory
  ) -> UnsafePointer<tamis_dense_layer> {
    let list = UnsafeMutablePointer<tamis_dense_layer>.allocate(capacity: layers.count)
    for (index, part) in layers.enumerated() {
      (list + index).initialize(
        to: part.layer.pack(
          weights: parameters[part.weight], bias: parameters[part.bias], into: memory))
    }
    return UnsafePointer(list)
  }

  /// The embeddings of the scoring levels alone, in scoring order.
  func packEmbeddings(
    _ parameters: NetworkParameters, levels: [Int], into memory: FloatMemory
  ) -> UnsafePointer<Float> {
    let packed = memory.take(embeddingCount)
    guard shape.kind == .score else { return UnsafePointer(packed) }
    let embeddings = parameters[.sigmaEmbedding]
    for (row, level) in levels.enumerated() {
      let start = embeddings.startIndex + level * shape.hiddenWidth
      for column in 0..<shape.hiddenWidth {
        packed[row * embeddingStride + column] = embeddings[start + column]
      }
    }
    return UnsafePointer(packed)
  }

  /// A list of floats as it is.
  func pack(_ values: [Float], into memory: FloatMemory) -> UnsafePointer<Float> {
    let packed = memory.take(values.count)
    packed.update(from: values, count: values.count)
    return UnsafePointer(packed)
  }

  /// The standardiser, padded so that padding becomes 0; the caller deallocates the record.
  func packStandardiser(
    _ standardiser: Standardiser, into memory: FloatMemory
  ) -> UnsafePointer<tamis_standardiser> {
    let padding = paddedFeatureCount - shape.featureCount
    let mean = pack(standardiser.mean + [Float](repeating: 0, count: padding), into: memory)
    let scale = pack(standardiser.scale + [Float](repeating: 1, count: padding), into: memory)
    let mask = UnsafeMutableRawPointer(memory.take(paddedFeatureCount))
      .bindMemory(to: UInt32.self, capacity: paddedFeatureCount)
    for (feature, isLogarithmic) in standardiser.isLogarithmic.enumerated() {
      mask[feature] = isLogarithmic ? .max : 0
    }
    let packed = UnsafeMutablePointer<tamis_standardiser>.allocate(capacity: 1)
    packed.initialize(
      to: tamis_standardiser(
        feature_count: shape.featureCount, mean: mean, scale: scale, logarithm_mask: mask,
        has_logarithms: standardiser.isLogarithmic.contains(true),
        clip: standardiser.clip ?? .infinity))
    return UnsafePointer(packed)
  }
}
