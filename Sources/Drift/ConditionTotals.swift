internal import Calibration

/// Scored and flagged events by condition, over any number of windows.
struct ConditionTotals: Equatable {
  /// Events at some conditions.
  struct Cell: Equatable {
    var scored = 0
    var flagged: [Int]

    mutating func add(_ other: Cell) {
      scored += other.scored
      for point in flagged.indices { flagged[point] += other.flagged[point] }
    }
  }

  /// A cell from a lower edge on.
  struct Bin: Equatable {
    var conditions: Range<Float>
    var cell: Cell
  }

  let pointCount: Int
  private var binning = ConditionBinning.none
  private var cells: [Cell] = []
  /// Events whose condition had no bin: they count nowhere.
  private(set) var outsideCount = 0
  var windowCount = 0
  var hours = 0.0

  init(pointCount: Int) { self.pointCount = pointCount }

  /// Cells of coarse bins hold so many events at least.
  private static let scoredCountMin = 1_000
  /// Coarse bins at most.
  static let coarseCount = 8

  mutating func add(_ window: DecidedCounts, hours: Double) {
    windowCount += 1
    self.hours += hours
    outsideCount += window.outsideCount
    if window.binning.isNone { return }
    let added = (0..<ConditionBinning.binCount).map { bin in
      Cell(
        scored: Int(window.conditionScored[bin]),
        flagged: (0..<pointCount).map { point in
          Int(window.conditionFlagged[bin * DecidedCounts.pointCount + point])
        })
    }
    merge(added, window.binning)
  }

  private mutating func merge(_ added: [Cell], _ other: ConditionBinning) {
    guard !cells.isEmpty else {
      binning = other
      cells = added
      return
    }
    guard let common = ConditionBinning.common(filled(), filledRange(added, other)) else { return }
    var merged = [Cell](repeating: emptyCell, count: ConditionBinning.binCount)
    for (old, oldCells) in [(binning, cells), (other, added)] {
      for bin in oldCells.indices where oldCells[bin].scored > 0 {
        merged[common.bin(ofBin: bin, in: old)].add(oldCells[bin])
      }
    }
    binning = common
    cells = merged
  }

  /// Events in bins.
  var scoredCount: Int { cells.reduce(0) { $0 + $1.scored } }

  private var emptyCell: Cell { Cell(flagged: [Int](repeating: 0, count: pointCount)) }

  private func filled() -> ConditionBinning.Extent? { filledRange(cells, binning) }

  private func filledRange(
    _ cells: [Cell], _ binning: ConditionBinning
  ) -> ConditionBinning.Extent? {
    guard let low = cells.firstIndex(where: { $0.scored > 0 }),
      let high = cells.lastIndex(where: { $0.scored > 0 })
    else { return nil }
    return ConditionBinning.Extent(
      exponent: binning.exponent, bins: binning.first + low...binning.first + high)
  }

  /// At most eight bins of about as many events each, made from what is there.
  var coarseBins: [Bin] {
    var bins: [Bin] = []
    var open: (start: Int, cell: Cell)?
    var left = scoredCount
    for bin in cells.indices where cells[bin].scored > 0 || open != nil {
      if open == nil { open = (bin, emptyCell) }
      open?.cell.add(cells[bin])
      guard let (start, cell) = open else { continue }
      let wanted = max(left / max(Self.coarseCount - bins.count, 1), Self.scoredCountMin)
      // The last bin takes the rest.
      guard cell.scored >= wanted, left - cell.scored >= Self.scoredCountMin || left == cell.scored
      else { continue }
      bins.append(coarse(start, through: bin, cell))
      left -= cell.scored
      open = nil
    }
    if let (start, cell) = open, cell.scored > 0 {
      let last = cells.lastIndex { $0.scored > 0 } ?? start
      bins.append(coarse(start, through: last, cell))
    }
    return bins
  }

  private func coarse(_ start: Int, through end: Int, _ cell: Cell) -> Bin {
    Bin(
      conditions: binning.lowerEdge(ofBin: start)..<binning.lowerEdge(ofBin: end + 1), cell: cell)
  }

  /// Whether a bin's rate differs from that of all others: exact, for each bin and working point.
  func verdict(_ names: [String]) -> Verdict? {
    let bins = coarseBins
    guard bins.count >= 2 else { return nil }
    var worst: (significance: Double, verdict: Verdict)?
    let scored = bins.reduce(0) { $0 + $1.cell.scored }
    for point in 0..<pointCount {
      let flagged = bins.reduce(0) { $0 + $1.cell.flagged[point] }
      for bin in bins {
        let tail = compareShares(
          successes: bin.cell.flagged[point], trials: bin.cell.scored,
          referenceSuccesses: flagged - bin.cell.flagged[point],
          referenceTrials: scored - bin.cell.scored)
        let significance = tail.significance
        if let worst, worst.significance >= significance { continue }
        let rates = (
          Double(bin.cell.flagged[point]) / Double(bin.cell.scored),
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
          conditions: bin.conditions, workingPoint: names[point], scoredCount: bin.cell.scored,
          flaggedCount: bin.cell.flagged[point],
          rate: Double(bin.cell.flagged[point]) / Double(bin.cell.scored),
          interval: clopperPearson(
            successes: bin.cell.flagged[point], trials: bin.cell.scored, confidence: confidence))
      }
    }
  }
}
