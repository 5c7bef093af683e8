/// How far one feature moved between two backgrounds, in standard errors.
package struct FeatureShift: Equatable, Sendable {
  /// Its place in the record.
  package var index: Int
  /// Its name, where it has one.
  package var name: String?
  /// New mean - old mean, in old standard deviations; nil where there is none.
  package var meanShift: Double?
  /// The same over its standard error from both samples.
  package var meanZ: Double?
  /// New over old standard deviation.
  package var spreadRatio: Double?
  /// The difference of the standard deviations over its standard error, for which the kurtosis is
  /// needed (3 where a file has none).
  package var spreadZ: Double?
  /// The share of old values that were NaN or infinite.
  package var nonFiniteShareOld: Double
  /// The same of new values.
  package var nonFiniteShareNew: Double

  /// The largest of the two in size; infinite where a constant changed.
  package var zMax: Double { max(abs(meanZ ?? 0), abs(spreadZ ?? 0)) }

  /// All features of two summaries, those that moved most first; nil where the summaries are of
  /// different features.
  static func all(from old: FeatureSummary, to new: FeatureSummary) -> [FeatureShift]? {
    guard old.features.map(\.name) == new.features.map(\.name) else { return nil }
    let shifts = zip(old.features, new.features).enumerated().map { index, pair in
      FeatureShift(
        index: index, from: pair.0, of: old.eventCount, to: pair.1, of: new.eventCount)
    }
    return shifts.sorted { ($0.zMax, $1.index) > ($1.zMax, $0.index) }
  }

  private init(
    index: Int, from old: FeatureSummary.Feature, of oldEvents: Int,
    to new: FeatureSummary.Feature, of newEvents: Int
  ) {
    self.index = index
    name = old.name
    func share(_ count: Int, _ events: Int) -> Double {
      events == 0 ? 0 : Double(count) / Double(events)
    }
    nonFiniteShareOld = share(old.nonFiniteCount, oldEvents)
    nonFiniteShareNew = share(new.nonFiniteCount, newEvents)
    guard let oldMean = old.mean, let newMean = new.mean, let oldSpread = old.standardDeviation,
      let newSpread = new.standardDeviation
    else { return }
    let oldCount = Double(oldEvents - old.nonFiniteCount)
    let newCount = Double(newEvents - new.nonFiniteCount)
    let meanError =
      (oldSpread * oldSpread / oldCount + newSpread * newSpread / newCount).squareRoot()
    meanZ = Self.ratio(newMean - oldMean, meanError)
    meanShift = Self.ratio(newMean - oldMean, oldSpread)
    func spreadVariance(_ spread: Double, _ kurtosis: Double?, _ count: Double) -> Double {
      spread * spread * max((kurtosis ?? 3) - 1, 0) / (4 * count)
    }
    let spreadError =
      (spreadVariance(oldSpread, old.kurtosis, oldCount)
      + spreadVariance(newSpread, new.kurtosis, newCount)).squareRoot()
    spreadZ = Self.ratio(newSpread - oldSpread, spreadError)
    spreadRatio = oldSpread > 0 ? newSpread / oldSpread : nil
  }

  /// 0 / 0 is no change.
  private static func ratio(_ difference: Double, _ error: Double) -> Double {
    difference == 0 ? 0 : difference / error
  }
}
