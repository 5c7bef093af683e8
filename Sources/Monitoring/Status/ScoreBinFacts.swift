internal import BoundedNumbers
package import Calibration
internal import StrictJSON

/// Scores in narrow bins around the thresholds, beside those of the calibration's background.
package struct ScoreBinFacts: Equatable, Sendable {
  /// Ascending edges; a bin holds scores from its lower edge up to, but not at, its upper one.
  package var edges: [Float]
  /// Scored events in each bin since start: one less than edges.
  package var counts: [UInt64]
  /// The share of the calibration's background in each bin; nil where the calibration has no
  /// histogram.
  package var referenceShares: [Double]?

  /// Bins shown below the lowest threshold and above the highest one, at least.
  static let marginBinCount = 24

  /// Takes the bins that have any score, and those around the thresholds.
  ///
  /// - Parameters:
  ///   - counts: one for each bin of a `ScoreHistogram`.
  ///   - reference: the calibration's background.
  ///   - thresholds: those in force.
  /// - Returns: nil without a threshold within the histogram's range.
  package init?(counts: [UInt64], reference: ScoreHistogram?, thresholds: [Float]) {
    precondition(counts.count == ScoreHistogram.binCount)
    let marks = thresholds.map(ScoreHistogram.bin).filter(counts.indices.contains)
    guard let lowest = marks.min(), let highest = marks.max() else { return nil }
    let used = counts.indices.filter { counts[$0] > 0 || (reference?.counts[$0] ?? 0) > 0 }
    let first = max(0, min(lowest - Self.marginBinCount, used.first ?? lowest))
    let last = min(counts.count - 1, max(highest + Self.marginBinCount, used.last ?? highest))
    let bins = first...last
    edges = bins.map { ScoreHistogram.scores(inBin: $0).lowerBound }
    edges.append(ScoreHistogram.scores(inBin: last).upperBound)
    self.counts = Array(counts[bins])
    referenceShares = reference.flatMap { histogram in
      let total = Double(histogram.scoredCount)
      return total > 0 ? histogram.counts[bins].map { Double($0) / total } : nil
    }
  }
}

extension ScoreBinFacts {
  var json: JSONValue {
    .object([
      "edges": .array(edges.map { .finite($0) }), "counts": .array(counts.map { .integer($0) }),
      "reference_shares": .numbers(referenceShares),
    ])
  }
}

extension ScoreHistogram {
  /// Scores that are numbers.
  var scoredCount: Int { counts.saturatingSum +| underflow +| overflow }
}
