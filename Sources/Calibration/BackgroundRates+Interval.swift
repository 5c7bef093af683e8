internal import ReproducibleMath

/// What is known about the background rate of a score.
package struct BackgroundRateEstimate: Equatable, Sendable {
  /// The rate that a flagged record carries.
  package var rate: Double
  /// Whether the rate comes from the fitted tail.
  package var isExtrapolated: Bool
  /// Where the true rate lies, at the confidence asked for. Within the sample it is exact, by C.
  /// Clopper and E. Pearson. Of an extrapolated rate it is a parametric bootstrap of the tail: it
  /// knows how uncertain the fit is, not whether the tail has that form.
  package var interval: ClosedRange<Double>
  /// The exact upper limit of the true rate, which needs no tail.
  package var limit: Double
}

extension BackgroundRates {
  /// The rate of `score` with its interval at `confidence` in (0, 1); nil for NaN. An extrapolated one
  /// takes up to a second for a million events.
  package func estimate(of score: Float, confidence: Double) -> BackgroundRateEstimate? {
    guard !score.isNaN else { return nil }
    let field = field(of: score)
    let index = firstIndex(below: score)
    // Between two entries the count of background scores at least as high lies between theirs.
    let fewest = index == 0 ? 0 : fewestAtLeast(entries[index - 1])
    let most = index < entries.count ? entries[index].rank - 1 : eventCount
    let lower = clopperPearson(
      successes: min(fewest, most), trials: eventCount, confidence: confidence
    ).lowerBound
    let limit = clopperPearson(successes: most, trials: eventCount, confidence: confidence)
      .upperBound
    let rate = Double(field.magnitude)
    guard field < 0, let tail, let highest = entries.first else {
      return BackgroundRateEstimate(
        rate: rate, isExtrapolated: false, interval: min(lower, rate)...max(limit, rate),
        limit: limit)
    }
    let repeats = Self.repeats(tail, score: score, highestRate: highest.rate, count: eventCount)
    let range = centralRange(repeats, confidence: confidence)
    return BackgroundRateEstimate(
      rate: rate, isExtrapolated: true,
      interval: min(range.lowerBound, rate)...max(range.upperBound, rate), limit: limit)
  }

  /// At least this many background scores are at or above the entry's score. An entry of the bulk lies
  /// just below an edge of the histogram, and its own score need not occur.
  private func fewestAtLeast(_ entry: Entry) -> Int {
    entry.rank <= Self.scoresNeeded(eventCount: eventCount) ? entry.rank : entry.rank - 1
  }

  private static let repeatCount = 1000
  private static let seed: UInt64 = 0x7261_7265

  /// The rate at `score` by fits to new samples from the fitted tail, ascending: excesses are drawn
  /// from the tail, and the share above its base from Beta(m + 1, N - m).
  private static func repeats(
    _ tail: ParetoTail, score: Float, highestRate: Float, count: Int
  ) -> [Double] {
    let random = RandomStream(seed: seed, stream: 0)
    let law = BetaLaw(rank: min(tail.excessCount + 1, count), of: count)
    return (0..<repeatCount).map { index in
      let start = UInt64(index) &* (UInt64(tail.excessCount) &+ 1)
      let excesses = tail.resampled(random, start: start)
      let baseRate = law.quantile(lowerTail: random.uniform(at: start))
      let fitted = ParetoTail.ofRates(excesses, base: tail.base, baseRate: baseRate)
      return Double(beyond(score, tail: fitted, highestRate: highestRate))
    }.sorted()
  }
}
