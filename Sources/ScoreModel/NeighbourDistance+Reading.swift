internal import DurableFiles
internal import NumberText

extension NeighbourDistance {
  /// The tensors that hold it; a file has both or neither.
  static let tensorNames = ["distance.prototypes", "distance.weight"]

  /// Reads the distance of a score network's file; nil where it has none.
  init?(_ file: TensorFile, featureCount: Int) throws(FileFault) {
    let (prototypes, weight) = (Self.tensorNames[0], Self.tensorNames[1])
    guard file.tensors[prototypes] != nil || file.tensors[weight] != nil else {
      if file.metadata["format"] == ModelMetadata.formatWithDistance {
        _ = try file.tensor(prototypes)
      }
      return nil
    }
    let count = try NetworkShape.matrixSizes(prototypes, in: file).rows
    guard (1...Self.countMax).contains(count) else {
      throw file.fault(
        tensor: prototypes, found: counted(count, "row"),
        expected: "1 to \(Self.countMax) prototypes")
    }
    self.init(
      prototypes: try file.floats(prototypes, shapes: [[count, featureCount]]), count: count,
      weight: try file.positiveFloats(weight, shapes: [[1], []])[0])
  }
}
