/// A part of the score for what lies far from all background: a weight times the squared distance,
/// in standardised features, to the nearest of some training events, the prototypes.
///
/// The squared norm of a network is learnt where background is; far outside it says little. The
/// distance is right there, and where events are too few to teach a network.
public struct NeighbourDistance: Equatable, Sendable {
  /// M standardised events, one after another, D features each.
  public let prototypes: [Float]
  /// M, at least 1.
  public let count: Int
  /// What the squared distance is multiplied with, positive.
  public let weight: Float

  /// More prototypes than this are not read.
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
