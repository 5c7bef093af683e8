internal import ReproducibleMath

/// The counts from background events that working points of the low side need. They depend on the set
/// of events alone.
package struct QuietTally: Sendable {
  /// The lowest scores, with the opposite sign.
  package private(set) var scores: ThresholdAccumulator
  private(set) var attributionSums: [ExactSum]
  /// Events with a finite score: those in the sums.
  private(set) var finiteCount = 0

  /// An empty tally that keeps the `scoresKept` lowest scores of events with this many features.
  package init(scoresKept: Int, featureCount: Int) {
    scores = ThresholdAccumulator(capacity: scoresKept)
    attributionSums = [ExactSum](repeating: ExactSum(), count: featureCount)
  }

  /// Adds scores with their attributions, row-major. Traps where their numbers do not fit.
  package mutating func add(
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

  /// The tally of a part that was read. Sums are one a feature.
  init(scores: ThresholdAccumulator, attributionSums: [ExactSum], finiteCount: Int) {
    self.scores = scores
    self.attributionSums = attributionSums
    self.finiteCount = finiteCount
  }

  /// Adds all that `other` has seen, of the same features and with enough scores kept.
  mutating func merge(_ other: QuietTally) {
    precondition(attributionSums.count == other.attributionSums.count)
    scores.merge(other.scores)
    for (feature, sum) in other.attributionSums.enumerated() { attributionSums[feature].merge(sum) }
    finiteCount += other.finiteCount
  }

  /// The reference for quiet events; `ranks` are those of thresholds, counted from the lowest score,
  /// and `depth` is the rank down to which low scores have rates.
  func reference(including ranks: [Int], depth: Int) -> QuietReference? {
    guard finiteCount > 0,
      let rates = BackgroundRates(lowest: scores, including: ranks, depth: depth)
    else { return nil }
    return QuietReference(
      rates: rates,
      attributionMeans: attributionSums.map { Float($0.value / Double(finiteCount)) })
  }
}
