internal import ReproducibleMath

/// The changes from one calibration to a new one, and whether chance explains them.
package struct CalibrationComparison: Equatable, Sendable {
  /// A working point of either calibration, matched by name.
  package struct Point: Equatable, Sendable {
    /// The name.
    package var name: String
    /// The old point; nil where the point is new.
    package var old: WorkingPoint?
    /// The new point; nil where the point is gone.
    package var new: WorkingPoint?
    /// New over old threshold; nil without both, and where scores do not compare.
    package var thresholdRatio: Double?
    /// How many of the new background events fire the old threshold; nil where that is not known.
    package var firedOld: Int?
    /// How many fire the new threshold.
    package var firedNew: Int?
    /// Where the rate of the old threshold on the new background lies, by C. Clopper and E. Pearson
    /// at the new calibration's confidence.
    package var rateInterval: ClosedRange<Double>?
    /// Whether that interval and the old one of the true rate have a point in common.
    package var intervalsOverlap: Bool?
    /// The probability that chance alone brings a count at least as different, by the exact law of
    /// two samples; nil for an extrapolated threshold.
    package var pValue: Double?
  }

  /// The distance of two distributions of scores.
  package struct ScoreDistance: Equatable, Sendable {
    /// The largest distance of the distribution functions at the edges of the histograms' bins:
    /// at most that of Kolmogorov and Smirnov.
    package var largest: Double
    /// The distance that chance alone exceeds in one of twenty comparisons, for samples of these
    /// sizes.
    package var noise: Double
    /// An upper bound on the probability that chance alone brings a distance at least as large.
    package var pValue: Double
  }

  /// Why scores, and so thresholds, do not compare: sentences; none where they do.
  package var differences: [String]
  /// The new calibration's working points in their order, then those that are gone.
  package var points: [Point]
  /// nil where a histogram is missing or scores do not compare.
  package var scoreDistance: ScoreDistance?
  /// Features, those that moved most first; nil where they do not compare.
  package var features: [FeatureShift]?

  /// Compares `new`, made from `scores` and `quiet`, with `old`.
  package init(
    from old: TriggerCalibration, to new: TriggerCalibration, scores: ThresholdAccumulator,
    quiet: QuietTally? = nil
  ) {
    let differences = Self.differences(old, new)
    let high = Counting(largest: scores.largest(), keepsAll: scores.keepsAll)
    let low = Counting(
      largest: quiet?.scores.largest() ?? [], keepsAll: quiet?.scores.keepsAll ?? false)
    self.differences = differences
    let gone = old.workingPoints.filter { point in
      !new.workingPoints.contains { $0.name == point.name }
    }
    points = (new.workingPoints.map { Optional($0) } + gone.map { _ in nil }).enumerated().map {
      index, point in
      let before =
        point.map { point in old.workingPoints.first { $0.name == point.name } }
        ?? gone[index - new.workingPoints.count]
      let side = point?.side ?? before?.side ?? .high
      return Point(
        from: before, to: point, old: old, new: new,
        areComparable: differences.isEmpty && before.map { $0.side == side } ?? true,
        counting: side == .high ? high : low)
    }
    if differences.isEmpty, let before = old.reference.scoreHistogram,
      let after = new.reference.scoreHistogram
    {
      scoreDistance = ScoreDistance(before, after)
    }
    if let before = old.reference.features, let after = new.reference.features {
      features = FeatureShift.all(from: before, to: after)
    }
  }

  private static func differences(_ old: TriggerCalibration, _ new: TriggerCalibration) -> [String]
  {
    var found: [String] = []
    if old.modelSHA256 != new.modelSHA256 {
      found.append(
        "the old calibration is of the model \(old.modelSHA256), the new one of "
          + "\(new.modelSHA256)")
    }
    if old.levels != new.levels || old.weights != new.weights {
      found.append(
        "the old scores are of levels \(old.levels) with weights \(old.weights), the new "
          + "ones of \(new.levels) with \(new.weights)")
    }
    return found
  }
}

/// Counts background scores beyond a threshold, as far as scores are kept. Those of the low side
/// have the opposite sign.
private struct Counting {
  /// Largest first.
  let largest: [Float]
  let keepsAll: Bool

  func beyond(_ point: WorkingPoint) -> Int? {
    let threshold = point.side == .high ? point.threshold : 0 - point.threshold
    var (low, high) = (0, largest.count)
    while low < high {
      let middle = (low + high) / 2
      if largest[middle] > threshold { low = middle + 1 } else { high = middle }
    }
    return low < largest.count || keepsAll ? low : nil
  }
}

extension CalibrationComparison.Point {
  fileprivate init(
    from before: WorkingPoint?, to after: WorkingPoint?, old: TriggerCalibration,
    new: TriggerCalibration, areComparable: Bool, counting: Counting
  ) {
    name = after?.name ?? before?.name ?? ""
    self.old = before
    self.new = after
    firedNew = after.flatMap { counting.beyond($0) }
    guard areComparable, let before else { return }
    if let after, before.threshold != 0 {
      thresholdRatio = Double(after.threshold) / Double(before.threshold)
    }
    guard let fired = counting.beyond(before) else { return }
    firedOld = fired
    let interval = clopperPearson(
      successes: fired, trials: new.eventCount, confidence: new.confidence)
    rateInterval = interval
    intervalsOverlap = before.fprInterval.map { $0.overlaps(interval) }
    if let rank = before.rankFromEnd(of: old.eventCount) {
      let law = ExceedanceLaw(
        oldCount: old.eventCount, rankFromTop: rank, newCount: new.eventCount)
      pValue = law.pValue(fired)
    }
  }
}

extension CalibrationComparison.ScoreDistance {
  /// nil where one has no scores.
  fileprivate init?(_ old: ScoreHistogram, _ new: ScoreHistogram) {
    func cells(_ histogram: ScoreHistogram) -> [Int] {
      [histogram.underflow] + histogram.counts + [histogram.overflow]
    }
    let (first, second) = (cells(old), cells(new))
    let (firstCount, secondCount) = (first.reduce(0, +), second.reduce(0, +))
    guard firstCount > 0 && secondCount > 0 else { return nil }
    var (below, belowNew, largest) = (0, 0, 0.0)
    for (cell, newCell) in zip(first, second) {
      below += cell
      belowNew += newCell
      let distance =
        Double(below) / Double(firstCount) - Double(belowNew) / Double(secondCount)
      largest = max(largest, abs(distance))
    }
    self.largest = largest
    let (n, m) = (Double(firstCount), Double(secondCount))
    // The 95 % point of Kolmogorov's law is 1.358.
    noise = 1.358 * ((n + m) / (n * m)).squareRoot()
    pValue = kolmogorovPValue(distance: largest, firstCount, secondCount)
  }
}

/// The probability that two samples of one law have at least this distance: the limit law of A.
/// Kolmogorov (1933) for the largest distance of two distribution functions, from its first terms.
package func kolmogorovPValue(distance: Double, _ first: Int, _ second: Int) -> Double {
  let (n, m) = (Double(first), Double(second))
  let lambda = distance * (n * m / (n + m)).squareRoot()
  // Below 0.3 the law is 1 to nine digits and its series slow.
  if lambda < 0.3 { return 1 }
  var sum = 0.0
  for k in 1...20 {
    let term = portableExp(-2 * Double(k * k) * lambda * lambda)
    sum += k % 2 == 1 ? term : -term
  }
  return min(1, max(0, 2 * sum))
}
