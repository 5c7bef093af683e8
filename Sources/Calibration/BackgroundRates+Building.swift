extension BackgroundRates {
  /// The number of largest scores that the table of `eventCount` scores rests on: an eighth, and one
  /// more. Never falls as `eventCount` grows.
  package static func scoresNeeded(eventCount: Int) -> Int {
    min(eventCount, eventCount / 8 + 1)
  }

  /// All ranks up to this one are in the table. Beyond it, neighbours differ by at most one part in
  /// as many.
  private static let denseCount = 128

  /// The table of all that `scores` and `histogram` have seen; nil without scores. `ranks` are to be
  /// among the entries: those of thresholds.
  ///
  /// It depends on the set of scores alone, however many of them are kept.
  package init?(_ scores: ThresholdAccumulator, histogram: ScoreHistogram, including ranks: [Int]) {
    let count = scores.scorableCount
    guard count >= 1 else { return nil }
    let largest = scores.largest()
    var chosen = Self.entries(
      of: largest, depth: Self.scoresNeeded(eventCount: count), including: ranks)
    chosen += Self.entries(of: histogram, below: chosen.last?.score ?? .infinity, count: count)
    self.init(
      scores: chosen.map(\.score), ranks: chosen.map(\.rank), eventCount: count,
      tail: ParetoTail.ofRates(largest, count: count))
  }

  /// The table of the lowest scores, which `scores` has with the opposite sign; nil without scores. It
  /// goes down to the rank `depth`, however many scores are kept beyond it, and has no tail.
  package init?(lowest scores: ThresholdAccumulator, including ranks: [Int], depth: Int) {
    let count = scores.scorableCount
    guard count >= 1 else { return nil }
    let chosen = Self.entries(of: scores.largest(), depth: depth, including: ranks)
    self.init(
      scores: chosen.map(\.score), ranks: chosen.map(\.rank), eventCount: count, tail: nil)
  }

  /// Entries for the largest scores down to rank `depth`, and at `ranks`. Of equal scores the first
  /// counts; nothing is above an infinite one.
  private static func entries(
    of largest: [Float], depth: Int, including ranks: [Int]
  ) -> [(score: Float, rank: Int)] {
    var found: [(score: Float, rank: Int)] = []
    let depth = min(depth, largest.count)
    for rank in chosenRanks(depth: depth, including: ranks, kept: largest.count) {
      let score = largest[rank - 1]
      if score.isFinite, score != found.last?.score { found.append((score, rank)) }
    }
    return found
  }

  private static func chosenRanks(depth: Int, including ranks: [Int], kept: Int) -> [Int] {
    var chosen = Set(ranks.filter { (1...kept).contains($0) })
    var rank = 1
    while rank < depth {
      chosen.insert(rank)
      rank += max(1, rank / denseCount)
    }
    if depth >= 1 { chosen.insert(depth) }
    return chosen.sorted()
  }

  /// Entries for scores at and below `lowest`, from the edges of the histogram's bins: the bulk, where
  /// a rate need not be fine.
  private static func entries(
    of histogram: ScoreHistogram, below lowest: Float, count: Int
  ) -> [(score: Float, rank: Int)] {
    var found: [(score: Float, rank: Int)] = []
    var above = histogram.overflow
    for bin in histogram.counts.indices.reversed() where histogram.counts[bin] > 0 {
      above += histogram.counts[bin]
      let edge = ScoreHistogram.scores(inBin: bin).lowerBound
      guard edge <= lowest, above < count else { continue }
      // Scores at the edge are in the bin: an entry holds for scores above it.
      found.append((edge.nextDown, above + 1))
    }
    return found
  }
}
