internal import DurableFiles
internal import NumberText

/// A part of the score for what lies far from all background: a weight times the squared distance,
/// in standardised features, to the nearest of some training events, the prototypes.
///
/// A network learns its norm where background lies; far outside, and where events are too few to
/// train it, the distance tells more.
public struct NeighbourDistance: Equatable, Sendable {
  /// M standardised events, one after another, D features each.
  public let prototypes: [Float]
  /// M, at least 1.
  public let count: Int
  /// What the squared distance is multiplied with, positive.
  public let weight: Float

  /// The most prototypes that a file may have.
  public static let countMax = 1 << 20

  /// `prototypes.count` is a multiple of `count`; all are finite, and the weight is positive.
  public init(prototypes: [Float], count: Int, weight: Float) {
    precondition(count >= 1 && prototypes.count.isMultiple(of: count) && !prototypes.isEmpty)
    precondition(weight > 0 && weight.isFinite)
    self.prototypes = prototypes
    self.count = count
    self.weight = weight
  }

  /// D.
  public var featureCount: Int { prototypes.count / count }
}

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
