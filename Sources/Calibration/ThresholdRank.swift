internal import ReproducibleMath

/// The promise of a working point about its true false-positive rate.
package enum RateGuarantee: String, Hashable, Sendable, CaseIterable {
  /// The rate is at or below target in expectation over calibrations: split conformal
  /// prediction (Vovk et al. 2005; Lei et al. 2018).
  case expected
  /// The rate is at or below target with the calibration's confidence: an exact one-sided
  /// tolerance bound.
  case withConfidence = "with_confidence"
  /// No promise: the threshold comes from a fitted tail.
  case noPromise = "none"
}

extension RateGuarantee {
  /// Which background score is the threshold: 1 is the largest, 2 the next, 0 says that `count`
  /// scores are too few. In terms of ranks from below it is `count + 1 - rank`. Never falls as
  /// `count` grows.
  package func rankFromTop(
    rate: FalsePositiveRate, count: Int, confidence: Double
  ) -> Int {
    switch self {
    case .expected:
      // N + 1 - ceil((N + 1)(1 - a)) = floor((N + 1) a): the same rank, in whole numbers.
      rate.floorOfProduct(with: count + 1)
    case .withConfidence:
      Self.rankFromTop(rate: rate.value, count: count, confidence: confidence)
    case .noPromise: 0
    }
  }

  /// The largest j for which the rate above the j-th largest score, Beta(j, count + 1 - j), is at
  /// or below `rate` with `confidence`. Its probability falls as j grows: a binary search.
  private static func rankFromTop(rate: Double, count: Int, confidence: Double) -> Int {
    var good = 0
    var bad = count + 1
    while bad - good > 1 {
      let middle = good + (bad - good) / 2
      let isKept = BetaLaw(rank: middle, of: count).tails(at: rate).lower >= confidence
      if isKept { good = middle } else { bad = middle }
    }
    return good
  }

  /// The least number of background scores for which `rate` has a threshold.
  package func countNeeded(rate: FalsePositiveRate, confidence: Double) -> Int {
    // floor((N + 1) a) >= 1.
    let expected = rate.reciprocalRoundedUp - 1
    guard self == .withConfidence else { return max(expected, 1) }
    // 1 - (1 - a)^N >= c; the estimate is corrected by the rule that decides.
    let estimate = portableLog1p(-confidence) / portableLog1p(-rate.value)
    guard estimate < 0x1p50 else { return Int(estimate.rounded(.up)) }
    var count = max(Int(estimate), 1)
    while isReached(rate, by: count, confidence), count > 1 { count -= 1 }
    while !isReached(rate, by: count, confidence) { count += 1 }
    return count
  }

  private func isReached(
    _ rate: FalsePositiveRate, by count: Int, _ confidence: Double
  ) -> Bool {
    rankFromTop(rate: rate, count: count, confidence: confidence) >= 1
  }
}
