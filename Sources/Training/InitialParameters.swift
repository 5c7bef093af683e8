internal import ReproducibleMath
package import ScoreModel

extension NetworkParameters {
  /// Random parameters as PyTorch's `Linear` and `Embedding` draw them: weights and biases of a
  /// layer uniform between -1/sqrt(inputs) and +1/sqrt(inputs), embeddings standard normal.
  package init(random shape: NetworkShape, seed: UInt64) {
    self.init(zeros: shape)
    let weights = shape.kind == .score ? TrainingStream.weights : .autoencoderWeights
    let uniform = weights.seeded(seed)
    let normal = TrainingStream.embeddings.seeded(seed)
    for tensor in shape.tensors {
      let limit = 1 / Double(shape.inputCount(of: tensor)).squareRoot()
      for place in shape.range(of: tensor) {
        let index = UInt64(place)
        values[place] =
          tensor == .sigmaEmbedding
          ? normal.gaussian(at: index) : Float((2 * uniform.uniform(at: index) - 1) * limit)
      }
    }
  }
}

extension NetworkShape {
  /// The inputs of the layer that a tensor belongs to.
  func inputCount(of tensor: NetworkTensor) -> Int {
    switch tensor {
    case .inputWeight, .inputBias: featureCount
    case .sigmaEmbedding, .blockWeight, .blockBias, .outputWeight, .outputBias: hiddenWidth
    case .layerWeight(let layer), .layerBias(let layer): dimensions(of: .layerWeight(layer))[1]
    }
  }
}
