internal import ReproducibleMath

/// What working points of the low side need of background events. It depends on the set of events alone.
public struct QuietTally: Sendable {
  /// The lowest scores, with the opposite sign.
  public private(set) var scores: ThresholdAccumulator
  private var attributionSums: [ExactSum]
  private var finiteCount = 0

  /// An empty tally that keeps the `scoresKept` lowest scores of events with this many features.
  public init(scoresKept: Int, featureCount: Int) {
    scores = ThresholdAccumulator(capacity: scoresKept)
    attributionSums = [ExactSum](repeating: ExactSum(), count: featureCount)
  }

  /// Adds scores with their attributions, row-major. Traps where their numbers do not fit.
  public mutating func add(
    _ new: UnsafeBufferPointer<Float>, attributions: UnsafeBufferPointer<Float>
  ) {
    let width = attributionSums.count
    precondition(attributions.count == new.count * width)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: new.count) { turned in
      for (index, score) in new.enumerated() { turned.initializeElement(at: index, to: 0 - score) }
      scores.add(UnsafeBufferPointer(turned))
    }
    for (row, score) in new.enumerated() where score.isFinite {
      finiteCount += 1
      for feature in 0..<width {
        attributionSums[feature].add(Double(attributions[row * width + feature]))
      }
    }
  }

  /// What the calibration keeps; `ranks` are those of thresholds, counted from the lowest score.
  func reference(including ranks: [Int]) -> QuietReference? {
    guard finiteCount > 0,
      let rates = BackgroundRates(lowest: scores, including: ranks)
    else { return nil }
    return QuietReference(
      rates: rates,
      attributionMeans: attributionSums.map { Float($0.value / Double(finiteCount)) })
  }
}
