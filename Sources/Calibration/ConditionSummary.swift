internal import DurableFiles
internal import ReproducibleMath
internal import StrictJSON

/// The `condition` of background events: the slow covariate of the rate that records may carry,
/// such as pile-up or pressure.
package struct ConditionSummary: Equatable, Sendable {
  /// The events whose condition was known, a finite number.
  package var eventCount: Int
  /// Their mean condition.
  package var mean: Double
  /// The root of the mean squared distance from the mean.
  package var standardDeviation: Double
  /// Keys of the file that this version does not know.
  var otherKeys = JSONObject()

  /// Creates a summary of `eventCount` >= 1 events.
  package init(eventCount: Int, mean: Double, standardDeviation: Double) {
    precondition(eventCount >= 1 && standardDeviation >= 0)
    self.eventCount = eventCount
    self.mean = mean
    self.standardDeviation = standardDeviation
  }
}

/// Gathers a `ConditionSummary`. The result depends only on the set of events, to the bit.
package struct ConditionAccumulator: Equatable, Sendable {
  var moments = FloatMoments()

  /// An accumulator that has seen nothing.
  package init() {}

  /// Adds conditions. NaN and infinite ones count as not known.
  package mutating func add(_ conditions: UnsafeBufferPointer<Float>) {
    for condition in conditions where condition.isFinite { moments.add(condition) }
  }

  /// Adds all that `other` has seen.
  package mutating func merge(_ other: ConditionAccumulator) {
    moments.merge(other.moments)
  }

  /// The summary; nil where no condition was known.
  package var summary: ConditionSummary? {
    guard let mean = moments.mean, let deviation = moments.standardDeviation else { return nil }
    return ConditionSummary(
      eventCount: moments.count, mean: mean, standardDeviation: deviation)
  }
}

extension ConditionSummary {
  var json: JSONObject {
    var object: JSONObject = [
      "events": .integer(eventCount), "mean": .real(mean),
      "standard_deviation": .real(standardDeviation),
    ]
    object.merge(otherKeys)
    return object
  }

  init(_ place: JSONPlace) throws(FileFault) {
    eventCount = try place.member("events").eventCount(from: 1)
    mean = try place.member("mean").mean()
    standardDeviation = try place.member("standard_deviation").spread()
    otherKeys = try place.otherKeys(than: json)
  }
}
