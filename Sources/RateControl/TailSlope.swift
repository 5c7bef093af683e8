package import Calibration
internal import ReproducibleMath

/// The slope of the background's tail at a working point's threshold, -d ln rate / d ln threshold:
/// by how many per cent the rate falls when the threshold rises by one.
///
/// From the calibration's score histogram: the secant between the threshold and the highest bin
/// edge above which lie at least ten times as many events. Where the threshold is extrapolated the
/// secant goes from its target rate. NaN where the calibration has no histogram or too few events.
package func tailSlope(of point: WorkingPoint, in calibration: TriggerCalibration) -> Double {
  guard let histogram = calibration.reference.scoreHistogram, point.threshold > 0 else {
    return .nan
  }
  let total = Double(calibration.eventCount)
  let rate =
    point.rank.map { Double(calibration.eventCount - $0) / total } ?? point.targetFPR.value
  guard rate > 0, total > 0 else { return .nan }
  var above = histogram.overflow
  for bin in (0..<ScoreHistogram.binCount).reversed() {
    above += histogram.counts[bin]
    let edge = ScoreHistogram.scores(inBin: bin).lowerBound
    guard edge < point.threshold else { continue }
    let share = Double(above) / total
    if share >= min(10 * rate, 0.5) || bin == 0 {
      guard share > rate else { return .nan }
      return portableLog(share / rate) / portableLog(Double(point.threshold) / Double(edge))
    }
  }
  return .nan
}
