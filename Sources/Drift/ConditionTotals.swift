internal import Calibration
internal import NumberText

/// Scored and flagged events by condition, over any number of windows.
struct ConditionTotals: Equatable {
  /// Events at some conditions.
  struct Bin: Equatable {
    var conditions: Range<Float>
    var scored: Int
    /// One a working point.
    var flagged: [Int]
  }

  let pointCount: Int
  private var binning = ConditionBinning.none
  /// One a bin; empty until there is a condition.
  private var scored: [Int] = []
  /// One a bin and working point.
  private var flagged: [Int] = []
  var windowCount = 0
  var hours = 0.0

  init(pointCount: Int) { self.pointCount = pointCount }

  /// The least number of events in a coarse bin.
  private static let scoredCountMin = 1_000
  /// Coarse bins at most.
  static let coarseCount = 8

  /// Events in bins.
  var scoredCount: Int { scored.reduce(0, +) }

  mutating func add(_ window: DecidedCounts, hours: Double) {
    windowCount += 1
    self.hours += hours
    if window.binning.isNone { return }
    makeRoom(for: window)
    for bin in 0..<ConditionBinning.binCount where window.conditionScored[bin] > 0 {
      let own = binning.bin(ofBin: bin, in: window.binning)
      scored[own] += Int(window.conditionScored[bin])
      for point in 0..<pointCount {
        flagged[own * pointCount + point] += Int(
          window.conditionFlagged[bin * DecidedCounts.pointCount + point])
      }
    }
  }

  /// Makes the bins coarse enough for the present events and those of `window`.
  private mutating func makeRoom(for window: DecidedCounts) {
    let added = extent(window.binning) { Int(window.conditionScored[$0]) }
    if let added, !scored.isEmpty, binning.holds(added) { return }
    let own = extent(binning) { scored.isEmpty ? 0 : scored[$0] }
    guard let common = ConditionBinning.common(own, added) else { return }
    let (oldBinning, oldScored, oldFlagged) = (binning, scored, flagged)
    binning = common
    scored = [Int](repeating: 0, count: ConditionBinning.binCount)
    flagged = [Int](repeating: 0, count: ConditionBinning.binCount * pointCount)
    for bin in oldScored.indices where oldScored[bin] > 0 {
      let new = common.bin(ofBin: bin, in: oldBinning)
      scored[new] += oldScored[bin]
      for point in 0..<pointCount {
        flagged[new * pointCount + point] += oldFlagged[bin * pointCount + point]
      }
    }
  }

  private func extent(
    _ binning: ConditionBinning, scored: (Int) -> Int
  ) -> ConditionBinning.Extent? {
    let bins = 0..<ConditionBinning.binCount
    guard let low = bins.first(where: { scored($0) > 0 }),
      let high = bins.last(where: { scored($0) > 0 })
    else { return nil }
    return ConditionBinning.Extent(
      exponent: binning.exponent, bins: binning.first + low...binning.first + high)
  }

  /// At most eight bins with about the same number of events each, made from the present bins.
  var coarseBins: [Bin] {
    var bins: [Bin] = []
    var open: (start: Int, scored: Int)?
    var left = scoredCount
    for bin in scored.indices where scored[bin] > 0 {
      let start = open?.start ?? bin
      let count = (open?.scored ?? 0) + scored[bin]
      open = (start, count)
      let wanted = max(left / max(Self.coarseCount - bins.count, 1), Self.scoredCountMin)
      // Events too few for a bin of their own join this one.
      let rest = left - count
      if count >= wanted, rest == 0 || rest >= Self.scoredCountMin {
        bins.append(coarse(start...bin))
        left = rest
        open = nil
      }
    }
    if let open, let last = scored.lastIndex(where: { $0 > 0 }) {
      bins.append(coarse(open.start...last))
    }
    return bins
  }

  private func coarse(_ fine: ClosedRange<Int>) -> Bin {
    Bin(
      conditions: binning.lowerEdge(
        ofBin: fine.lowerBound)..<binning.lowerEdge(
          ofBin: fine.upperBound + 1),
      scored: fine.reduce(0) { $0 + scored[$1] },
      flagged: (0..<pointCount).map { point in
        fine.reduce(0) { $0 + flagged[$1 * pointCount + point] }
      })
  }
}

// MARK: - What a window says

extension ConditionTotals {
  /// Whether a bin's rate differs from that of all others: exact, for each bin and working point.
  func verdict(_ names: [String]) -> Verdict? {
    let bins = coarseBins
    guard bins.count >= 2 else { return nil }
    var worst: (significance: Double, verdict: Verdict)?
    let scored = bins.reduce(0) { $0 + $1.scored }
    for point in 0..<pointCount {
      let flagged = bins.reduce(0) { $0 + $1.flagged[point] }
      for bin in bins {
        let tail = compareShares(
          successes: bin.flagged[point], trials: bin.scored,
          referenceSuccesses: flagged - bin.flagged[point],
          referenceTrials: scored - bin.scored)
        let significance = tail.significance
        if let worst, worst.significance >= significance { continue }
        let rates = (
          Double(bin.flagged[point]) / Double(bin.scored),
          Double(flagged) / Double(scored)
        )
        let conditions =
          "\(significant(Double(bin.conditions.lowerBound))) to "
          + significant(Double(bin.conditions.upperBound))
        worst = (
          significance,
          Verdict(
            statistic: significance, subject: names[point], direction: tail.direction,
            finding: "\(names[point]): rate \(significant(rates.0)) at conditions \(conditions), "
              + "\(significant(rates.1)) over all")
        )
      }
    }
    return worst?.verdict
  }

  /// The rates of all bins.
  func rates(_ names: [String], confidence: Double) -> [ConditionRate] {
    coarseBins.flatMap { bin in
      (0..<pointCount).map { point in
        ConditionRate(
          conditions: bin.conditions, workingPoint: names[point], scoredCount: bin.scored,
          flaggedCount: bin.flagged[point],
          rate: Double(bin.flagged[point]) / Double(bin.scored),
          interval: clopperPearson(
            successes: bin.flagged[point], trials: bin.scored, confidence: confidence))
      }
    }
  }
}
