/// The standard error of an area under the ROC curve by E. DeLong, D. DeLong and D. Clarke-Pearson
/// (Biometrics 44, 1988): from how much each event's rank among the other kind varies.
///
/// Nil where a sample has fewer than two events. 0 where the samples do not overlap at all: then
/// the events say nothing of how small the overlap is.
package func deLongStandardError(background: ScoreSample, signal: ScoreSample) -> Double? {
  guard background.count > 1, signal.count > 1 else { return nil }
  // The share of background that a signal event beats, ties counting half; and the reverse.
  let ofSignal = signal.ascending.map { score in
    let below = background.count(below: score)
    let notAbove = background.count - background.count(above: score)
    return Double(below + notAbove) / (2 * Double(background.count))
  }
  let ofBackground = background.ascending.map { score in
    let above = signal.count(above: score)
    let notBelow = signal.count - signal.count(below: score)
    return Double(above + notBelow) / (2 * Double(signal.count))
  }
  return
    (variance(ofSignal) / Double(signal.count)
    + variance(ofBackground) / Double(background.count)).squareRoot()
}

/// The unbiased variance, by two passes.
private func variance(_ values: [Double]) -> Double {
  let mean = values.reduce(0, +) / Double(values.count)
  return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
}
