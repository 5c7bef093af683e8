internal import BoundedNumbers
internal import NumberText
internal import ReproducibleMath

/// Mean and spread of one feature in a window against the calibration's.
///
/// Both statistics are differences over their standard errors, both samples' sizes in them. Where
/// window and calibration disagree on how large the error is, the larger one holds: a single value
/// far out raises its own error as much as the difference, and a feature that is mostly zero or has
/// heavy tails is no alarm.
struct FeatureComparison: Equatable {
  /// Mean minus the calibration's, in the calibration's standard deviations.
  var meanDeviation: Double?
  /// In standard errors; for a feature that was constant the significance of its changing.
  var meanStatistic: Double?
  /// Standard deviation over the calibration's.
  var spreadRatio: Double?
  /// In standard errors of the variance; for a stuck feature the significance of that, negative.
  var spreadStatistic: Double?
  /// The least number of values that differ from the calibration's one value.
  var changedCount = 0

  /// Compares where both have enough finite values.
  init(_ sums: FeatureSums, _ reference: FeatureReference) {
    guard reference.hasMoments, sums.count >= FeatureReference.finiteCountMin else { return }
    if reference.standardDeviation > 0 {
      compareMoments(sums, reference)
    } else {
      compareConstant(sums, reference)
    }
  }

  private mutating func compareMoments(_ sums: FeatureSums, _ reference: FeatureReference) {
    let count = Double(sums.count)
    let mean = sums.sum / count
    // Raw moments over the count; a stuck feature's variance is exactly 0.
    let isStuck = sums.minimum == sums.maximum
    let square = sums.squares / count
    let cube = sums.cubes / count
    let variance = isStuck ? 0 : max(0, square - mean * mean)
    let fourth =
      isStuck
      ? 0
      : max(
        0,
        sums.fourths / count - 4 * mean * cube + 6 * mean * mean * square
          - 3 * mean * mean * mean * mean)
    let errorSquare = 1 / count + 1 / Double(reference.finiteCount)
    meanDeviation = mean
    meanStatistic = mean / (max(variance, 1) * errorSquare).squareRoot()
    spreadRatio = variance.squareRoot()
    let fluctuation = max(fourth - variance * variance, reference.kurtosis - 1, 1e-6)
    let spread = (variance - 1) / (fluctuation * errorSquare).squareRoot()
    spreadStatistic =
      isStuck ? min(spread, -stuckSignificance(mean, count: count, reference)) : spread
  }

  /// A window of one value only. By R. Paley and A. Zygmund (1932) a variable Y >= 0 is positive
  /// with probability (E Y)^2 / E[Y^2] at least; Y is the squared distance from that value, which
  /// lies at `mean` calibration deviations, and E[Y^2]^(1/4) is at most kurtosis^(1/4) + |mean| by
  /// Minkowski. A value this unlikely is no chance when it comes `count` times in a row.
  private func stuckSignificance(
    _ mean: Double, count: Double, _ reference: FeatureReference
  ) -> Double {
    let first = 1 + mean * mean
    let root = reference.kurtosis.squareRoot().squareRoot() + abs(mean)
    let second = root * root * root * root
    // Below 1, as E[Y^2] > (E Y)^2 but for a kurtosis of 1; then other values are certain.
    let positive = min(first / second * first, 1 - 1e-12)
    return significance(logProbability: count * portableLog1p(-positive))
  }

  /// For a feature that had one value in the calibration. The same inequality bounds from below how
  /// many values differ from it now.
  private mutating func compareConstant(_ sums: FeatureSums, _ reference: FeatureReference) {
    guard sums.fourths > 0 else {
      meanStatistic = 0
      return
    }
    let changed = (sums.squares / sums.fourths * sums.squares * (1 - 1e-9)).rounded(.up)
    changedCount = min(sums.count, Int(nearest: changed))
    let tail = compareShares(
      successes: changedCount, trials: sums.count, referenceSuccesses: 0,
      referenceTrials: reference.finiteCount)
    meanStatistic = sums.sum < 0 ? -tail.significance : tail.significance
  }
}

// MARK: - What a window says

extension FeatureComparison {
  /// Of all features the mean that deviates most.
  static func meanVerdict(
    _ comparisons: [FeatureComparison], _ references: [FeatureReference]
  ) -> Verdict? {
    foremost(comparisons, references, \.meanStatistic) { comparison, name in
      guard let deviation = comparison.meanDeviation else {
        return "\(name) was constant and differs now in \(comparison.changedCount) events at least"
      }
      return "\(name): mean \(fixed(abs(deviation), places: 2)) standard deviations "
        + (deviation < 0 ? "lower" : "higher")
    }
  }

  /// Of all features the spread that deviates most.
  static func spreadVerdict(
    _ comparisons: [FeatureComparison], _ references: [FeatureReference]
  ) -> Verdict? {
    foremost(comparisons, references, \.spreadStatistic) { comparison, name in
      guard let ratio = comparison.spreadRatio, ratio > 0 else {
        return "\(name): stuck at one value"
      }
      return "\(name): spread \(fixed(ratio, places: 3)) of the calibration's"
    }
  }

  private static func foremost(
    _ comparisons: [FeatureComparison], _ references: [FeatureReference],
    _ statistic: KeyPath<FeatureComparison, Double?>,
    finding: (FeatureComparison, String) -> String
  ) -> Verdict? {
    let statistics = comparisons.map { $0[keyPath: statistic] }
    guard
      let index = statistics.indices.filter({ statistics[$0] != nil })
        .max(by: { abs(statistics[$0] ?? 0) < abs(statistics[$1] ?? 0) }),
      let value = statistics[index]
    else { return nil }
    let name = references[index].name
    return Verdict(
      statistic: abs(value), subject: name, direction: value < 0 ? .down : .up,
      finding: finding(comparisons[index], name))
  }
}
