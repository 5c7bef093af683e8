/// Whether the score has a part for the distance to the nearest training events.
package enum DistanceChoice: Equatable, Sendable {
  /// Decided by background, where the scoring level is chosen too; none where levels are given.
  case automatic
  /// The network alone.
  case none
  /// Always, with this factor: what it contributes on background in the mean, in units of what the
  /// network does. Positive and finite.
  case weighted(Double)

  /// The factor of `automatic`. Between 1 and 3 little depends on it.
  static let usualFactor = 2.0
}

/// What background says of distances to nearest neighbours.
package struct NeighbourFacts: Equatable, Sendable {
  /// All events of the training.
  package var eventCount: Int
  /// D.
  package var featureCount: Int
  /// The mean squared distance of training events to the nearest other prototype.
  package var meanSquare: Double
  /// The largest |z| of all events.
  package var largest: Double
  /// The features with more than `manyValues` different values.
  package var continuousCount: Int

  package init(
    eventCount: Int, featureCount: Int, meanSquare: Double, largest: Double, continuousCount: Int
  ) {
    self.eventCount = eventCount
    self.featureCount = featureCount
    self.meanSquare = meanSquare
    self.largest = largest
    self.continuousCount = continuousCount
  }

  /// A feature of no more different values than this is discrete.
  static let manyValues = 32
  /// Beyond this |z| an event lies far outside of what noise of the scoring levels can reach.
  private static let largestMax = 16.0

  /// Why the distance is part of the score; nil where the network alone scores.
  ///
  /// The network is alone where all of this holds: the sample is large; nothing lies far outside;
  /// most features are continuous; and events are lonely, further from their neighbours than two
  /// copies of one event that noise of the scoring level has moved, whose squared distance is
  /// 2 D sigma^2 in the mean. Where events are lonely a distance says how lonely an event is and
  /// little else, and takes its share of the rate.
  package func reason(sigma: Double) -> String? {
    if eventCount < SampleSize.largeEventCount {
      return "\(eventCount) events are fewer than \(SampleSize.largeEventCount)"
    }
    if largest > NeighbourFacts.largestMax {
      return "some feature lies \(rounded(largest)) standard deviations out, more than "
        + "\(rounded(NeighbourFacts.largestMax))"
    }
    if 2 * continuousCount < featureCount {
      return "\(featureCount - continuousCount) of \(featureCount) features have at most "
        + "\(NeighbourFacts.manyValues) different values"
    }
    if meanSquare <= 2 * sigma * sigma * Double(featureCount) {
      return "events are near to one another: the mean squared distance to the nearest, "
        + "\(rounded(meanSquare / Double(featureCount))) a feature, is at most "
        + "\(rounded(2 * sigma * sigma)), twice the squared noise of the scoring level"
    }
    return nil
  }

  /// Why the network scores alone.
  func reasonForNone(sigma: Double) -> String {
    "the sample is large, no feature lies more than \(rounded(NeighbourFacts.largestMax)) "
      + "standard deviations out, and events are far from one another: the mean squared distance "
      + "to the nearest, \(rounded(meanSquare / Double(featureCount))) a feature, is above "
      + "\(rounded(2 * sigma * sigma)), twice the squared noise of the scoring level"
  }
}

/// A number with three decimal places at most, for reasons; the same text on every machine.
func rounded(_ value: Double) -> String {
  guard abs(value) < 1e12 else { return "\(value)" }
  // Not "-0.0".
  return "\((value * 1000).rounded() / 1000 + 0)"
}
