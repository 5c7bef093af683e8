internal import CScoreKernels
internal import ReproducibleMath
internal import ScoreModel

/// How well the network predicts noise that was added to events it is measured on.
extension RowPhase {
  /// The share of the noise that the network predicts over the measured events:
  /// 1 - sum |o - e|^2 / sum |e|^2 (for the score 1 - sum |sigma o + e|^2 / sum |e|^2).
  ///
  /// Each event is taken once with a fresh draw e and once with -e, so that terms that do not
  /// depend on the noise cancel: at small sigma they are nearly all of the fluctuation. Float64
  /// sums, events ascending: the same bits everywhere. The batch is the measurement's own.
  func explainedNoise(level: Int, split: HeldOutSplit, memory: GroupMemory) -> Double {
    var errors = 0.0
    var noise = 0.0
    let eventMax = batch.rowCount / 2
    for start in stride(from: 0, to: split.measuredCount, by: eventMax) {
      let places = start..<min(start + eventMax, split.measuredCount)
      let rows = 0..<2 * places.count
      drawPairs(places, level: level, split: split, memory: memory)
      for row in rows {
        let event = split.measuredEvent(places.lowerBound + row % places.count)
        perturb(event, level: level, row: row, place: row, memory: memory)
      }
      forward(rows: rows, memory: memory)
      compare(rows: rows, memory: memory)
      for row in rows { errors += Double(batch.losses.base[row]) }
      for number in 0..<rows.count * events.featureCount {
        noise += Double(memory.noise.base[number]) * Double(memory.noise.base[number])
      }
    }
    return 1 - errors / noise
  }

  /// The noise of the events at `places`, and after it the same with the other sign.
  private func drawPairs(
    _ places: Range<Int>, level: Int, split: HeldOutSplit, memory: GroupMemory
  ) {
    let count = places.count * events.featureCount
    let first = (level * split.measuredCount + places.lowerBound) * events.featureCount
    noiseStream.fillGaussians(
      UnsafeMutableBufferPointer(start: memory.noise.base, count: count), start: UInt64(first))
    for number in 0..<count { memory.noise.base[count + number] = -memory.noise.base[number] }
  }
}
