internal import StrictJSON

/// What background features look like, feature by feature.
public struct FeatureSummary: Equatable, Sendable {
  /// One feature over all events; moments and extremes are of its finite values.
  public struct Feature: Equatable, Sendable {
    /// nil where the events name no features.
    public var name: String?
    /// nil without a finite value.
    public var mean: Double?
    /// The root of the mean squared distance from the mean; nil without a finite value.
    public var standardDeviation: Double?
    /// nil without a finite value.
    public var range: ClosedRange<Float>?
    /// How many values were NaN or infinite.
    public var nonFiniteCount: Int

    /// Creates a summary of one feature.
    public init(
      name: String?, mean: Double?, standardDeviation: Double?, range: ClosedRange<Float>?,
      nonFiniteCount: Int
    ) {
      self.name = name
      self.mean = mean
      self.standardDeviation = standardDeviation
      self.range = range
      self.nonFiniteCount = nonFiniteCount
    }
  }

  /// The events seen.
  public var eventCount: Int
  /// In the order of the record.
  public var features: [Feature]
  /// Keys of the file that this version does not know.
  var otherKeys = JSONObject()

  /// Creates a summary.
  public init(eventCount: Int, features: [Feature]) {
    self.eventCount = eventCount
    self.features = features
  }
}

/// Gathers a `FeatureSummary` in one pass. Events are added one after another in input order;
/// the result depends on that order, in its last bits, but not on how it is cut into chunks.
public struct FeatureAccumulator: Sendable {
  /// Sums of distances from the first finite value: little cancels, and a constant feature has
  /// a standard deviation of exactly 0.
  private struct Sums: Sendable {
    var count = 0
    var origin = 0.0
    var sum = 0.0
    var squares = 0.0
    var minimum = Float.infinity
    var maximum = -Float.infinity
  }

  /// D.
  public let featureCount: Int
  private let names: [String]?
  private var eventCount = 0
  private var sums: [Sums]

  /// An accumulator of events with `featureCount` features; one name each, or nil.
  public init(featureCount: Int, names: [String]?) {
    precondition(names == nil || names?.count == featureCount)
    self.featureCount = featureCount
    self.names = names
    sums = [Sums](repeating: Sums(), count: featureCount)
  }

  /// Adds whole events, D raw features each, one event after another.
  public mutating func add(_ features: UnsafeBufferPointer<Float>) {
    precondition(features.count % featureCount == 0, "part of an event")
    eventCount += features.count / featureCount
    sums.withUnsafeMutableBufferPointer { sums in
      for event in stride(from: 0, to: features.count, by: featureCount) {
        for feature in 0..<featureCount {
          let value = features[event + feature]
          if value.isFinite { Self.add(value, to: &sums[feature]) }
        }
      }
    }
  }

  /// The summary of all events added so far.
  public var summary: FeatureSummary {
    let features = sums.enumerated().map { index, sums in
      let count = Double(sums.count)
      let offset = sums.sum / count
      let variance = max(0, sums.squares / count - offset * offset)
      let isEmpty = sums.count == 0
      return FeatureSummary.Feature(
        name: names?[index], mean: isEmpty ? nil : sums.origin + offset,
        standardDeviation: isEmpty ? nil : variance.squareRoot(),
        range: isEmpty ? nil : sums.minimum...sums.maximum,
        nonFiniteCount: eventCount - sums.count)
    }
    return FeatureSummary(eventCount: eventCount, features: features)
  }

  @inline(__always)
  private static func add(_ value: Float, to sums: inout Sums) {
    if sums.count == 0 { sums.origin = Double(value) }
    let distance = Double(value) - sums.origin
    sums.count += 1
    sums.sum += distance
    sums.squares += distance * distance
    sums.minimum = min(sums.minimum, value)
    sums.maximum = max(sums.maximum, value)
  }
}
