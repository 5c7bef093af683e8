/// All weights of a network, one tensor after another in the order of `NetworkShape.tensors`,
/// each row-major as in PyTorch.
public struct NetworkParameters: Equatable, Sendable {
  /// The sizes.
  public let shape: NetworkShape
  /// `shape.parameterCount` values.
  public var values: [Float]

  /// All weights zero.
  public init(zeros shape: NetworkShape) {
    self.shape = shape
    values = [Float](repeating: 0, count: shape.parameterCount)
  }

  /// The elements of one tensor, row-major. Traps for a tensor that the network does not have, and
  /// where another number of elements is assigned.
  public subscript(_ tensor: NetworkTensor) -> ArraySlice<Float> {
    get { values[shape.range(of: tensor)] }
    set {
      let range = shape.range(of: tensor)
      precondition(newValue.count == range.count, "\(tensor) has \(range.count) elements")
      values.replaceSubrange(range, with: newValue)
    }
  }
}
