internal import ReproducibleMath

/// How rare a score is: a bounded table of the background scores of a calibration by rank, and a
/// tail fitted to the largest of them.
///
/// The rate of a score s is (k + 1) / (N + 1), where k of the N background scores are at least s:
/// the conformal p-value of V. Vovk et al. (2005). For a new background event it is at or below p
/// with a probability of at most p, whatever the law of the scores. Between two entries of the
/// table the rate is that of the lower score, so that a rate is never too low.
package struct BackgroundRates: Equatable, Sendable {
  /// A background score and its place.
  package struct Entry: Equatable, Sendable {
    /// Finite. Scores above it have at least this rarity.
    package var score: Float
    /// Fewer than `rank` background scores are greater than `score`, counted from the top.
    package var rank: Int
    /// rank / (N + 1), rounded to float32.
    var rate: Float
  }

  /// The entries: scores fall strictly, ranks grow strictly.
  package let entries: [Entry]
  /// N, the number of background scores that are ranked.
  package let eventCount: Int
  /// The tail beyond the largest score; nil where none could be fitted. Its shape is 0 or more, so
  /// that no score is beyond its end.
  package let tail: ParetoTail?

  init(scores: [Float], ranks: [Int], eventCount: Int, tail: ParetoTail?) {
    precondition(scores.count == ranks.count && eventCount >= 1)
    let all = Double(eventCount) + 1
    entries = zip(scores, ranks).map { score, rank in
      Entry(score: score, rank: rank, rate: Float(Double(rank) / all))
    }
    self.eventCount = eventCount
    self.tail = tail
  }

  /// The field of a flagged record with `score`: the share of background events with a score at
  /// least as high. It is negative where the rate comes from the fitted tail; the magnitude is then
  /// the rate. 0 for NaN, which has no rank. Otherwise the magnitude is in (0, 1] and never grows
  /// with the score. O(log entries), allocates nothing.
  package func field(of score: Float) -> Float {
    if score.isNaN { return 0 }
    if let tail, let highest = entries.first, score > highest.score {
      return -Self.beyond(score, tail: tail, highestRate: highest.rate)
    }
    let index = firstIndex(below: score)
    return index < entries.count ? entries[index].rate : 1
  }

  /// The place of the first entry whose score is below `score`; the number of entries for none.
  func firstIndex(below score: Float) -> Int {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = low + (high - low) / 2
      if entries[middle].score < score { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// The rate by the tail. It is at most that of the highest entry, and at least the smallest
  /// normal float32: no score is impossible.
  static func beyond(_ score: Float, tail: ParetoTail, highestRate: Float) -> Float {
    guard score < .infinity else { return .leastNormalMagnitude }
    let rate = tail.baseRate * tail.survival(excess: Double(score) - tail.base)
    return max(min(Float(rate), highestRate), .leastNormalMagnitude)
  }
}

extension ParetoTail {
  /// The tail of background rates: fitted to the excesses over the (m + 1)-th largest of `count`
  /// scores, m = max(50, sqrt(count)). Nil where there are fewer than 10 m scores, or where the
  /// largest ones are infinite or all equal. `largest` holds the largest scores, largest first.
  ///
  /// A tail that comes out with an end (a negative shape) is replaced by the exponential law with
  /// the same mean excess, the lightest tail that never ends. Rates beyond the largest score are
  /// then too high rather than too low.
  static func ofRates(_ largest: [Float], count: Int) -> ParetoTail? {
    let excessCount = excessCount(of: count)
    guard count / 10 >= excessCount, largest.count > excessCount, largest[0] < .infinity else {
      return nil
    }
    let base = Double(largest[excessCount])
    let excesses = largest.prefix(excessCount).map { Double($0) - base }
    guard excesses[0] > 0 else { return nil }
    return ofRates(
      excesses, base: base, baseRate: Double(excessCount) / Double(count))
  }

  /// The same from excesses, largest first, of which one is above 0.
  static func ofRates(_ excesses: [Double], base: Double, baseRate: Double) -> ParetoTail {
    let fitted = ParetoTail(fitting: excesses, base: base, baseRate: baseRate)
    if fitted.shape > 0, fitted.shape.isFinite, fitted.scale > 0, fitted.scale.isFinite {
      return fitted
    }
    let count = Double(excesses.count)
    let mean = excesses.reduce(0) { $0 + $1 / count }
    return ParetoTail(
      base: base, shape: 0, scale: mean, excessCount: excesses.count, baseRate: baseRate)
  }
}
