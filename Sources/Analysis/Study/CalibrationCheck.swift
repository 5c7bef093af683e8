package import Calibration
internal import DurableFiles

/// What thresholds that were set on other events do to the events of a study.
package struct CalibrationCheck: Sendable {
  /// Events that pass, and events in all.
  package struct Passing: Equatable, Sendable {
    /// Events with a score beyond the threshold.
    package let passed: Int
    /// Events with a score.
    package let count: Int
    /// Clopper and Pearson's interval.
    package let interval: ClosedRange<Double>

    /// The share that passes.
    package var rate: Double { Double(passed) / Double(count) }

    init(_ sample: ScoreSample, _ point: WorkingPoint, confidence: Double) {
      let threshold = Double(point.threshold)
      count = sample.count
      passed =
        point.side == .high
        ? sample.count(above: threshold) : sample.count(below: threshold)
      interval = clopperPearson(successes: passed, trials: count, confidence: confidence)
    }
  }

  /// One working point.
  package struct Point: Sendable {
    /// As it was calibrated.
    package let workingPoint: WorkingPoint
    /// What of the study's background passes.
    package let background: Passing
    /// What of each signal passes.
    package let signals: [Passing]

    /// The point's name, with its side where that is the low one.
    package var title: String {
      workingPoint.side == .high ? workingPoint.name : "\(workingPoint.name) (low)"
    }

    /// The threshold, with its side where that is the low one.
    package var thresholdText: String {
      workingPoint.side == .high
        ? "\(workingPoint.threshold)" : "below \(workingPoint.threshold)"
    }

    /// Whether the rate of the study's background and the calibrated one exclude each other: their
    /// intervals do not meet. Nil where the calibration has no interval.
    package var isOffTarget: Bool? {
      workingPoint.fprInterval.map { !$0.overlaps(background.interval) }
    }
  }

  /// The model's name.
  package let model: String
  /// The calibration file.
  package let path: String
  /// Its hash.
  package let sha256: String
  /// Background events that the thresholds are of.
  package let eventCount: Int
  /// The confidence of the calibration's intervals.
  package let confidence: Double
  /// In the calibration's order.
  package let points: [Point]

  init?(_ model: StudyModel, score: EvaluatedScore, confidence: Double) {
    guard let thresholds = model.thresholds else { return nil }
    self.model = model.name
    path = thresholds.path
    sha256 = thresholds.sha256.description
    eventCount = thresholds.calibration.eventCount
    self.confidence = thresholds.calibration.confidence
    let background = ScoreSample(score.background)
    let signals = score.signals.map { ScoreSample($0) }
    points = thresholds.calibration.workingPoints.map { point in
      Point(
        workingPoint: point,
        background: Passing(background, point, confidence: confidence),
        signals: signals.map { Passing($0, point, confidence: confidence) })
    }
  }
}
