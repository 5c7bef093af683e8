internal import DurableFiles
internal import NumberText

/// The sizes of a network: a noise-conditioned score network, or an autoencoder.
public struct NetworkShape: Hashable, Sendable {
  /// D, the number of input features and of outputs.
  public var featureCount: Int
  /// H, the width of the residual blocks; a multiple of 16. Of an autoencoder: its widest layer.
  public var hiddenWidth: Int
  /// The number of residual blocks. Of an autoencoder: the layers from hidden to hidden.
  public var blockCount: Int
  /// L, the number of noise levels. An autoencoder has one, without noise.
  public var levelCount: Int
  /// The widths of an autoencoder's hidden layers, in order; nil in a score network.
  public private(set) var hiddenLayers: [Int]?

  /// Creates a shape; `NetworkShape.reference` is the one the project was measured with.
  public init(featureCount: Int, hiddenWidth: Int, blockCount: Int, levelCount: Int) {
    self.featureCount = featureCount
    self.hiddenWidth = hiddenWidth
    self.blockCount = blockCount
    self.levelCount = levelCount
  }

  /// 64 features, width 256, three blocks, ten levels.
  public static let reference = NetworkShape(
    featureCount: 64, hiddenWidth: 256, blockCount: 3, levelCount: 10)
}

/// The kind of a network, which decides what its score means.
public enum NetworkKind: String, Sendable, CaseIterable {
  /// Predicts the gradient of the log density of noisy background; scored by its squared norm.
  case score
  /// Reproduces background through a narrow layer; scored by its squared residuals.
  case autoencoder

  /// Whether noise levels are chosen and weighted for its score; else its score is one sum.
  public var hasNoiseLevels: Bool { self == .score }

  /// Its name in text for people.
  public var title: String {
    switch self {
    case .score: "score network"
    case .autoencoder: "autoencoder"
    }
  }
}

extension NetworkShape {
  /// The shape of an autoencoder: D features, dense layers of these widths with ReLU, D outputs.
  /// Traps where there is no hidden layer, or one of a width below 1.
  public init(featureCount: Int, autoencoder hiddenLayers: [Int]) {
    precondition(!hiddenLayers.isEmpty && hiddenLayers.allSatisfy { $0 >= 1 })
    self.init(
      featureCount: featureCount, hiddenWidth: hiddenLayers.max() ?? 0,
      blockCount: hiddenLayers.count - 1, levelCount: 1)
    self.hiddenLayers = hiddenLayers
  }

  /// What the network is.
  public var kind: NetworkKind { hiddenLayers == nil ? .score : .autoencoder }

  /// The sizes in words.
  public var summary: String {
    if let hiddenLayers {
      let widths = hiddenLayers.map(String.init).joined(separator: ", ")
      return "\(counted(featureCount, "feature")), hidden layers of \(widths), "
        + counted(parameterCount, "parameter")
    }
    return "\(counted(featureCount, "feature")), hidden width \(hiddenWidth), "
      + "\(counted(blockCount, "block")), \(counted(levelCount, "noise level")), "
      + counted(parameterCount, "parameter")
  }
}

extension NetworkTensor {
  /// The first parts of the names of a network's tensors.
  static let firstNames = ["sigma_embed", "input_proj", "blocks", "output", "layers"]
}

/// One tensor of the network.
public enum NetworkTensor: Hashable, Sendable, CustomStringConvertible {
  /// (L, H): the row that each noise level adds to the input projection.
  case sigmaEmbedding
  /// (H, D).
  case inputWeight
  /// (H).
  case inputBias
  /// (H, H) of one residual block.
  case blockWeight(Int)
  /// (H) of one residual block.
  case blockBias(Int)
  /// (D, H).
  case outputWeight
  /// (D).
  case outputBias
  /// (outputs, inputs) of one layer of an autoencoder.
  case layerWeight(Int)
  /// (outputs) of one layer of an autoencoder.
  case layerBias(Int)

  /// The name in the PyTorch module's `state_dict`.
  public var description: String {
    switch self {
    case .sigmaEmbedding: "sigma_embed.weight"
    case .inputWeight: "input_proj.weight"
    case .inputBias: "input_proj.bias"
    case .blockWeight(let block): "blocks.\(block).1.weight"
    case .blockBias(let block): "blocks.\(block).1.bias"
    case .outputWeight: "output.1.weight"
    case .outputBias: "output.1.bias"
    case .layerWeight(let layer): "layers.\(layer).weight"
    case .layerBias(let layer): "layers.\(layer).bias"
    }
  }
}

extension NetworkShape {
  /// All tensors in the order in which `NetworkParameters` keeps them.
  public var tensors: [NetworkTensor] {
    if let hiddenLayers {
      return (0...hiddenLayers.count).flatMap { [.layerWeight($0), .layerBias($0)] }
    }
    return [.sigmaEmbedding, .inputWeight, .inputBias]
      + (0..<blockCount).flatMap { [.blockWeight($0), .blockBias($0)] }
      + [.outputWeight, .outputBias]
  }

  /// Rows and columns of a matrix, or the single length of a vector. Traps for a tensor that a
  /// network of this shape does not have.
  public func dimensions(of tensor: NetworkTensor) -> [Int] {
    switch tensor {
    case .sigmaEmbedding: [levelCount, hiddenWidth]
    case .inputWeight: [hiddenWidth, featureCount]
    case .inputBias, .blockBias: [hiddenWidth]
    case .blockWeight: [hiddenWidth, hiddenWidth]
    case .outputWeight: [featureCount, hiddenWidth]
    case .outputBias: [featureCount]
    case .layerWeight(let layer): [layerWidths[layer + 1], layerWidths[layer]]
    case .layerBias(let layer): [layerWidths[layer + 1]]
    }
  }

  /// The widths of an autoencoder from its features to its outputs.
  private var layerWidths: [Int] { [featureCount] + (hiddenLayers ?? []) + [featureCount] }

  /// The number of elements of `tensor`.
  public func elementCount(of tensor: NetworkTensor) -> Int {
    dimensions(of: tensor).reduce(1, *)
  }

  /// The number of parameters of the whole network.
  public var parameterCount: Int {
    tensors.reduce(0) { $0 + elementCount(of: $1) }
  }

  /// Where `tensor` lies among the parameters. O(blocks). Traps for a tensor that a network of this
  /// shape does not have.
  public func range(of tensor: NetworkTensor) -> Range<Int> {
    var start = 0
    for candidate in tensors {
      let count = elementCount(of: candidate)
      if candidate == tensor { return start..<start + count }
      start += count
    }
    preconditionFailure("\(tensor) is not a tensor of a network with \(blockCount) blocks")
  }
}
