internal import Calibration
internal import ReproducibleMath

/// The reference that a feature is compared with.
struct FeatureReference: Equatable {
  var name: String
  /// Whether it is left out by name.
  var isIgnored: Bool
  var mean: Double
  /// 0 for a feature that was constant, but for rounding.
  var standardDeviation: Double
  /// Fourth moment over the squared second, at least 1; from the calibration, or a bound from its
  /// extremes.
  var kurtosis: Double
  /// Whether it is that bound.
  var hasBoundedKurtosis: Bool
  /// Events of the calibration.
  var eventCount: Int
  var nonFiniteCount: Int

  var finiteCount: Int { eventCount - nonFiniteCount }
  /// Fewer finite values than these make no mean and no spread to compare with.
  static let finiteCountMin = 100
  var hasMoments: Bool { !isIgnored && finiteCount >= Self.finiteCountMin }

  init(_ feature: FeatureSummary.Feature, index: Int, eventCount: Int, ignored: Set<String>) {
    name = feature.name ?? "\(index)"
    isIgnored = ignored.contains(name)
    mean = feature.mean ?? 0
    let spread = feature.standardDeviation ?? 0
    standardDeviation = ResolvedSpread.holds(spread, mean: mean) ? spread : 0
    self.eventCount = eventCount
    nonFiniteCount = feature.nonFiniteCount
    hasBoundedKurtosis = feature.kurtosis == nil && standardDeviation > 0
    if let known = feature.kurtosis, known.isFinite {
      kurtosis = max(known, 1)
    } else if let range = feature.range, standardDeviation > 0 {
      // d^4 <= (max d)^2 d^2 for every value.
      let reach = max(Double(range.upperBound) - mean, mean - Double(range.lowerBound))
      kurtosis = max((reach / standardDeviation) * (reach / standardDeviation), 1)
    } else {
      kurtosis = 1
    }
  }

  var scale: FeatureScale {
    standardDeviation > 0
      ? FeatureScale(origin: mean, inverseScale: 1 / standardDeviation, roundingMax: 0)
      : FeatureScale(
        origin: mean, inverseScale: 1, roundingMax: 2 * ResolvedSpread.floor(mean: mean))
  }
}
