internal import ReproducibleMath

/// The tail of simulated background scores: the share above a score, and its inverse.
package enum ScoreTail: String, CaseIterable, Sendable {
  /// exp(-x^1.5), which steepens as scores of summed squares do: slope 10.4 at a rate of 1e-3.
  case stretched
  /// x^-8: the same slope everywhere.
  case power

  /// The share of scores above `score`, at scale 1.
  func share(above score: Double) -> Double {
    switch self {
    case .stretched: portableExp(-portablePower(max(score, 0), 1.5))
    case .power: min(1, portablePower(max(score, 0.1), -8))
    }
  }

  /// The score above which `share` of the scores lie.
  func score(atShare share: Double) -> Double {
    switch self {
    case .stretched: portablePower(-portableLog(share), 2 / 3.0)
    case .power: portablePower(share, -1 / 8.0)
    }
  }

  /// The secant from ten times `rate`, as a calibration's histogram gives the slope.
  func slope(at rate: Double) -> Double {
    portableLog(10) / portableLog(score(atShare: rate) / score(atShare: 10 * rate))
  }
}
