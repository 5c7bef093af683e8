internal import ReproducibleMath
internal import StrictJSON

/// Moments and extremes of background features, feature by feature.
package struct FeatureSummary: Equatable, Sendable {
  /// One feature over all events; moments and extremes are of its finite values.
  package struct Feature: Equatable, Sendable {
    /// nil where the events name no features.
    package var name: String?
    /// nil without a finite value.
    package var mean: Double?
    /// The root of the mean squared distance from the mean; nil without a finite value.
    package var standardDeviation: Double?
    /// E[(x - mean)^4] / standardDeviation^4, 3 for a Gaussian. Nil where all values are equal,
    /// where there are none, and in files without it. The standard error of a sample's standard
    /// deviation follows from it.
    package var kurtosis: Double?
    /// nil without a finite value.
    package var range: ClosedRange<Float>?
    /// How many values were NaN or infinite.
    package var nonFiniteCount: Int

    /// Creates a summary of one feature.
    package init(
      name: String?, mean: Double?, standardDeviation: Double?, kurtosis: Double? = nil,
      range: ClosedRange<Float>?, nonFiniteCount: Int
    ) {
      self.name = name
      self.mean = mean
      self.standardDeviation = standardDeviation
      self.kurtosis = kurtosis
      self.range = range
      self.nonFiniteCount = nonFiniteCount
    }
  }

  /// The events seen.
  package var eventCount: Int
  /// In the order of the record.
  package var features: [Feature]
  /// Keys of the file that this version does not know.
  var otherKeys = JSONObject()

  /// Creates a summary.
  package init(eventCount: Int, features: [Feature]) {
    self.eventCount = eventCount
    self.features = features
  }
}

/// Gathers a `FeatureSummary` in one pass. The result depends only on the set of events, to the
/// bit: neither on their order nor on how they are divided into chunks or merged parts.
package struct FeatureAccumulator: Equatable, Sendable {
  /// D.
  package let featureCount: Int
  let names: [String]?
  var eventCount = 0
  /// Of the finite values, feature by feature.
  var moments: [FloatMoments]

  /// An accumulator of events with `featureCount` features; one name each, or nil.
  package init(featureCount: Int, names: [String]?) {
    precondition(featureCount > 0 && (names == nil || names?.count == featureCount))
    self.featureCount = featureCount
    self.names = names
    moments = [FloatMoments](repeating: FloatMoments(), count: featureCount)
  }

  /// Adds whole events, D raw features each, one event after another.
  package mutating func add(_ features: UnsafeBufferPointer<Float>) {
    precondition(features.count % featureCount == 0, "part of an event")
    eventCount += features.count / featureCount
    FloatMoments.add(rows: features, to: &moments)
  }

  /// Adds all events of `other`, which has the same features.
  package mutating func merge(_ other: FeatureAccumulator) {
    precondition(featureCount == other.featureCount && names == other.names, "other features")
    eventCount += other.eventCount
    for index in moments.indices { moments[index].merge(other.moments[index]) }
  }

  /// The summary of all events added so far.
  package var summary: FeatureSummary {
    let features = moments.enumerated().map { index, moments in
      FeatureSummary.Feature(
        name: names?[index], mean: moments.mean, standardDeviation: moments.standardDeviation,
        kurtosis: moments.kurtosis, range: moments.range,
        nonFiniteCount: eventCount - moments.count)
    }
    return FeatureSummary(eventCount: eventCount, features: features)
  }
}
