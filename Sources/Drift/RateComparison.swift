internal import Calibration
internal import NumberText

/// The working points whose rate can be judged, and their verdicts for a window.
struct RateComparison: Sendable {
  /// A working point with the place of its threshold among the calibration's scores.
  struct Point: Equatable, Sendable {
    var index: Int
    var name: String
    /// The threshold is the background score of this rank, counted from the largest, or from the lowest
    /// on the low side.
    var fromTop: Int
  }

  /// Those that are not extrapolated.
  let points: [Point]
  /// Background scores that the ranks are of.
  let referenceCount: Int
  /// Windows of fewer scored events say nothing.
  private static let scoredCountMin = 100

  init(_ calibration: TriggerCalibration, leavingOut moving: Set<String> = []) {
    let count = calibration.eventCount
    referenceCount = count
    points = calibration.workingPoints.enumerated().compactMap { index, point in
      guard let rank = point.rankFromEnd(of: count), !moving.contains(point.name) else {
        return nil
      }
      // By bins of the condition the rate of the whole stream is the sum of the bins'; its law is that
      // of as many events above, to first order.
      let fromTop = calibration.conditionBins?.exceedanceCount(ofPoint: index) ?? rank
      return Point(index: index, name: point.name, fromTop: min(max(fromTop, 1), count))
    }
  }

  /// Of all working points the rate that deviates most.
  func verdict(_ totals: DecidedTotals) -> Verdict? {
    guard totals.scoredCount >= Self.scoredCountMin else { return nil }
    var worst: Verdict?
    for point in points {
      let flagged = totals.flagged[point.index]
      let tail = compareExceedances(
        flagged, of: totals.scoredCount, aboveLargest: point.fromTop, of: referenceCount)
      let significance = tail.significance
      if let worst, worst.statistic >= significance { continue }
      let rate = Double(flagged) / Double(totals.scoredCount)
      let expected = Double(point.fromTop) / Double(referenceCount + 1)
      worst = Verdict(
        statistic: significance, subject: point.name, direction: tail.direction,
        finding: "\(point.name): rate \(significant(rate)) where the calibration expects "
          + significant(expected))
    }
    return worst
  }
}

/// Shares of events and values that are not finite.
enum NotFiniteComparison {
  /// Of events, over a window of decided ones.
  static func verdict(_ totals: DecidedTotals, _ calibration: TriggerCalibration) -> Verdict {
    let reference = calibration.eventCount + calibration.notScorableCount
    let tail = compareShares(
      successes: totals.notScorableCount, trials: totals.eventCount,
      referenceSuccesses: calibration.notScorableCount, referenceTrials: reference)
    return Verdict(
      statistic: tail.significance, subject: nil, direction: tail.direction,
      finding: finding(
        "events", totals.notScorableCount, totals.eventCount,
        Double(calibration.notScorableCount) / Double(max(reference, 1))))
  }

  /// Of all features the one that deviates most, over a window of the unbiased sample.
  static func verdict(_ totals: SampledTotals, _ references: [FeatureReference]) -> Verdict? {
    var worst: Verdict?
    for (sums, reference) in zip(totals.features, references) where !reference.isIgnored {
      let notFinite = totals.eventCount - sums.count
      let tail = compareShares(
        successes: notFinite, trials: totals.eventCount,
        referenceSuccesses: reference.nonFiniteCount, referenceTrials: reference.eventCount)
      let significance = tail.significance
      if let worst, worst.statistic >= significance { continue }
      worst = Verdict(
        statistic: significance, subject: reference.name, direction: tail.direction,
        finding: finding(
          "values of \(reference.name)", notFinite, totals.eventCount,
          Double(reference.nonFiniteCount) / Double(max(reference.eventCount, 1))))
    }
    return worst
  }

  private static func finding(
    _ what: String, _ count: Int, _ total: Int, _ expected: Double
  ) -> String {
    "\(count) of \(total) \(what) are not finite, \(significant(expected)) of the calibration's"
  }
}
