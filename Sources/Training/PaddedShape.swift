internal import CScoreKernels
internal import ScoreModel

/// Columns of a panel, the unit that all matrices are padded to.
let panelWidth = Int(TAMIS_TRAINING_PANEL)

/// Elements of a block of panelWidth x panelWidth.
let blockElementCount = panelWidth * panelWidth

extension Int {
  /// The number of panels that this many columns take.
  var panelCount: Int { (self + panelWidth - 1) / panelWidth }
}

/// Where one dense layer lies in the padded parameters.
struct PaddedLayer: Sendable {
  let weight: NetworkTensor
  let bias: NetworkTensor
  let inputCount: Int
  let outputCount: Int
  /// The first weight; the layer's weights are inputPanels x outputPanels blocks of 32 x 32.
  let weightStart: Int
  /// The first bias; outputPanels x 32 of them.
  let biasStart: Int

  var inputPanels: Int { inputCount.panelCount }
  var outputPanels: Int { outputCount.panelCount }

  /// The block of weights from an input panel to an output panel in [input panel][output][32], the
  /// form of the backward pass and of the sums of gradients.
  func backwardBlock(input: Int, output: Int) -> Int {
    weightStart + (input * outputPanels + output) * blockElementCount
  }

  /// The same block in [output panel][input][32], the form of the forward pass.
  func forwardBlock(input: Int, output: Int) -> Int {
    weightStart + (output * inputPanels + input) * blockElementCount
  }
}

/// How the parameters lie in memory during a training: all padded with zeros to panels.
struct PaddedShape: Sendable {
  let shape: NetworkShape
  /// The input projection, the blocks, the output; or an autoencoder's layers in order.
  let layers: [PaddedLayer]
  /// The first embedding; they lie as [hidden panel][level][32].
  let embeddingStart: Int
  /// All parameters with padding.
  let elementCount: Int

  init(_ shape: NetworkShape) {
    self.shape = shape
    var layers: [PaddedLayer] = []
    var start = 0
    func add(_ weight: NetworkTensor, _ bias: NetworkTensor, _ inputs: Int, _ outputs: Int) {
      let weightCount = inputs.panelCount * outputs.panelCount * blockElementCount
      layers.append(
        PaddedLayer(
          weight: weight, bias: bias, inputCount: inputs, outputCount: outputs,
          weightStart: start, biasStart: start + weightCount))
      start += weightCount + outputs.panelCount * panelWidth
    }
    switch shape.kind {
    case .score:
      add(.inputWeight, .inputBias, shape.featureCount, shape.hiddenWidth)
      for block in 0..<shape.blockCount {
        add(.blockWeight(block), .blockBias(block), shape.hiddenWidth, shape.hiddenWidth)
      }
      add(.outputWeight, .outputBias, shape.hiddenWidth, shape.featureCount)
    case .autoencoder:
      for layer in 0...shape.blockCount + 1 {
        let dimensions = shape.dimensions(of: .layerWeight(layer))
        add(.layerWeight(layer), .layerBias(layer), dimensions[1], dimensions[0])
      }
    }
    self.layers = layers
    embeddingStart = start
    elementCount = start + PaddedShape.embeddingCount(shape)
  }

  /// An autoencoder has no embeddings.
  private static func embeddingCount(_ shape: NetworkShape) -> Int {
    shape.kind == .score ? shape.hiddenWidth.panelCount * shape.levelCount * panelWidth : 0
  }

  /// The embeddings of one panel of hidden columns: levelCount rows of 32.
  func embeddingPanel(_ panel: Int) -> Int {
    embeddingStart + panel * shape.levelCount * panelWidth
  }

  /// Where each element of a tensor lies, in the tensor's row-major order.
  func places(of tensor: NetworkTensor) -> [Int] {
    let dimensions = shape.dimensions(of: tensor)
    let columns = dimensions.last ?? 0
    return (0..<shape.elementCount(of: tensor)).map { element in
      place(of: tensor, row: element / columns, column: element % columns)
    }
  }

  private func place(of tensor: NetworkTensor, row: Int, column: Int) -> Int {
    let inPanel = column % panelWidth
    let panel = column / panelWidth
    if tensor == .sigmaEmbedding { return embeddingPanel(panel) + row * panelWidth + inPanel }
    for layer in layers {
      if tensor == layer.bias { return layer.biasStart + column }
      if tensor == layer.weight {
        let block = layer.backwardBlock(input: panel, output: row / panelWidth)
        return block + row % panelWidth * panelWidth + inPanel
      }
    }
    preconditionFailure("\(tensor) is not a tensor of this network")
  }
}
