/// The sizes of a noise-conditioned score network.
public struct NetworkShape: Hashable, Sendable {
  /// D, the number of input features and of outputs.
  public var featureCount: Int
  /// H, the width of the residual blocks; a multiple of 16.
  public var hiddenWidth: Int
  /// The number of residual blocks.
  public var blockCount: Int
  /// L, the number of noise levels.
  public var levelCount: Int

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

/// One tensor of the network.
public enum NetworkTensor: Hashable, Sendable, CustomStringConvertible {
  /// (L, H): what a noise level adds to the input projection.
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
    }
  }
}

extension NetworkShape {
  /// All tensors in the order in which `NetworkParameters` keeps them.
  public var tensors: [NetworkTensor] {
    [.sigmaEmbedding, .inputWeight, .inputBias]
      + (0..<blockCount).flatMap { [.blockWeight($0), .blockBias($0)] }
      + [.outputWeight, .outputBias]
  }

  /// Rows and columns of a matrix, or the single length of a vector.
  public func dimensions(of tensor: NetworkTensor) -> [Int] {
    switch tensor {
    case .sigmaEmbedding: [levelCount, hiddenWidth]
    case .inputWeight: [hiddenWidth, featureCount]
    case .inputBias, .blockBias: [hiddenWidth]
    case .blockWeight: [hiddenWidth, hiddenWidth]
    case .outputWeight: [featureCount, hiddenWidth]
    case .outputBias: [featureCount]
    }
  }

  /// The number of elements of `tensor`.
  public func elementCount(of tensor: NetworkTensor) -> Int {
    dimensions(of: tensor).reduce(1, *)
  }

  /// The number of parameters of the whole network.
  public var parameterCount: Int {
    tensors.reduce(0) { $0 + elementCount(of: $1) }
  }

  /// Where `tensor` lies among the parameters. O(blocks).
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
