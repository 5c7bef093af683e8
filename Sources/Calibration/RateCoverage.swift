internal import ReproducibleMath

/// Laws of scores whose exact tails are known, to measure what background rates promise.
package enum SimulatedLaw: String, CaseIterable, Sendable {
  /// P(S > s) = exp(-s).
  case exponential
  /// The sum of 16 squared normals, about the law of a score over 16 features.
  case chiSquared = "chi-squared"
  /// P(S > s) = 1 - s up to 1: a tail with an end.
  case uniform
  /// P(S > s) = exp(-sqrt(s)): heavier than exponential, and no Pareto law.
  case stretched
  /// P(S > s) = (1 + s/4)^-4: a Pareto law of shape 1/4.
  case pareto

  private static let pairCount = 8

  /// Uniform numbers that a score takes.
  var drawCount: Int { self == .chiSquared ? Self.pairCount : 1 }

  /// A score from `drawCount` uniform numbers in (0, 1).
  package func score(_ uniform: (Int) -> Double) -> Float {
    switch self {
    case .exponential: Float(-portableLog(uniform(0)))
    case .uniform: Float(1 - uniform(0))
    case .stretched: Float(portableLog(uniform(0)) * portableLog(uniform(0)))
    case .pareto: Float(4 * (portableExp(-portableLog(uniform(0)) / 4) - 1))
    case .chiSquared:
      Float((0..<Self.pairCount).reduce(0.0) { $0 - 2 * portableLog(uniform($1)) })
    }
  }

  /// P(S >= s).
  package func share(atLeast score: Double) -> Double {
    if score <= 0 { return 1 }
    switch self {
    case .exponential: return portableExp(-score)
    case .uniform: return max(0, 1 - score)
    case .stretched: return portableExp(-score.squareRoot())
    case .pareto: return portableExp(-4 * portableLog1p(score / 4))
    case .chiSquared:
      var (term, sum) = (1.0, 1.0)
      for index in 1..<Self.pairCount {
        term *= score / 2 / Double(index)
        sum += term
      }
      return min(1, portableExp(-score / 2) * sum)
    }
  }
}

/// The share of new background events whose rate is at or below p, over many calibrations. The true
/// share of each calibration is computed, not counted: p may be far below what can be counted.
package struct RateCoverage: Sendable {
  /// The rates asked for.
  package let rates: [Double]
  /// The true shares of all calibrations; one array a rate.
  package private(set) var shares: [[Double]]

  /// The mean share at rate `index`.
  package func mean(_ index: Int) -> Double {
    shares[index].reduce(0, +) / Double(shares[index].count)
  }

  /// The standard error of that mean.
  package func standardError(_ index: Int) -> Double {
    let (mean, count) = (mean(index), Double(shares[index].count))
    let squares = shares[index].reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / max(count - 1, 1) / count).squareRoot()
  }

  /// The median share at rate `index`.
  package func median(_ index: Int) -> Double {
    let sorted = shares[index].sorted()
    return sorted[sorted.count / 2]
  }

  /// The share of calibrations whose true share lies between p / `factor` and p `factor`.
  package func withinFactor(_ factor: Double, _ index: Int) -> Double {
    let near = (rates[index] / factor)...(rates[index] * factor)
    return Double(shares[index].count(where: near.contains)) / Double(shares[index].count)
  }

  /// Makes `repeats` calibrations of `eventCount` scores of `law`.
  package init(
    law: SimulatedLaw, eventCount: Int, repeats: Int, seed: UInt64, rates: [Double]
  ) {
    precondition(eventCount >= 1 && repeats >= 1)
    self.rates = rates
    shares = rates.map { _ in [] }
    var scores = [Float](repeating: 0, count: eventCount)
    for index in 0..<repeats {
      let random = RandomStream(seed: seed, stream: UInt64(index))
      for event in scores.indices {
        let start = UInt64(event) &* UInt64(law.drawCount)
        scores[event] = law.score { random.uniform(at: start &+ UInt64($0)) }
      }
      guard let table = BackgroundRates(ofAll: scores) else { continue }
      for (place, rate) in rates.enumerated() {
        shares[place].append(law.share(atLeast: Double(table.lowestScore(withRate: rate))))
      }
    }
  }
}

extension BackgroundRates {
  /// The table of a calibration with these scores; nil without one that can be ranked.
  package init?(ofAll scores: [Float]) {
    var accumulator = ThresholdAccumulator(
      capacity: Self.scoresNeeded(eventCount: scores.count))
    var histogram = ScoreHistogram()
    scores.withUnsafeBufferPointer {
      accumulator.add($0)
      histogram.add($0)
    }
    self.init(accumulator, histogram: histogram, including: [])
  }

  /// The lowest score whose rate is at or below `rate`, which is above 0; +infinity for none. By
  /// halving, since rates never grow with the score.
  func lowestScore(withRate rate: Double) -> Float {
    // Non-negative float32 values are ordered as their bits are.
    var (low, high) = (UInt32(0), Float.infinity.bitPattern)
    while low < high {
      let middle = low + (high - low) / 2
      // A rate of p exactly is at or below p also after its rounding to float32.
      if field(of: Float(bitPattern: middle)).magnitude <= Float(rate) {
        high = middle
      } else {
        low = middle + 1
      }
    }
    return Float(bitPattern: low)
  }
}
