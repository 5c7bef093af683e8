internal import ReproducibleMath

/// How the scores of a model are distributed, in bins of the logarithm.
struct ScoreHistograms: Equatable, Sendable {
  /// The model's name.
  let model: String
  /// Counts of log10(score); a score of 0 counts below, infinity above.
  let background: FixedBins
  /// The same for each signal.
  let signals: [FixedBins]

  static let binCount = 60

  /// Nil where no score is positive and finite.
  init?(_ score: EvaluatedScore) {
    let samples =
      [score.background[score.judged].map(log10OrEnds)]
      + score.signals.map { $0.map(log10OrEnds) }
    let finite = samples.joined().filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else { return nil }
    let margin = max(0.02 * (high - low), 0.01)
    func bins(_ values: [Double]) -> FixedBins {
      FixedBins(values, low: low - margin, high: high + margin, count: Self.binCount)
    }
    model = score.name
    background = bins(samples[0])
    signals = samples.dropFirst().map(bins)
  }
}

/// The logarithm of a score; -infinity for 0 and less, NaN for NaN.
private func log10OrEnds(_ score: Double) -> Double {
  score.isNaN ? .nan : score > 0 ? log10(score) : -.infinity
}
