internal import Calibration
internal import DurableFiles

/// The rates of calibrated thresholds, which were set on other events, on the events of a study.
struct CalibrationCheck: Sendable {
  /// Events that pass, and events in all.
  struct Passing: Equatable, Sendable {
    /// Events with a score beyond the threshold.
    let passed: Int
    /// Events with a score.
    let count: Int
    /// Clopper and Pearson's interval.
    let interval: ClosedRange<Double>

    /// The share that passes.
    var rate: Double { Double(passed) / Double(count) }

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
  struct Point: Sendable {
    /// As it was calibrated.
    let workingPoint: WorkingPoint
    /// Background events of the study that pass.
    let background: Passing
    /// Events of each signal that pass.
    let signals: [Passing]

    /// The point's name, with its side where that is the low one.
    var title: String {
      workingPoint.side == .high ? workingPoint.name : "\(workingPoint.name) (low)"
    }

    /// The threshold, with its side where that is the low one.
    var thresholdText: String {
      workingPoint.side == .high
        ? "\(workingPoint.threshold)" : "below \(workingPoint.threshold)"
    }

    /// Whether the rate of the study's background and the calibrated one exclude each other: their
    /// intervals do not meet. Nil where the calibration has no interval.
    var isOffTarget: Bool? {
      workingPoint.fprInterval.map { !$0.overlaps(background.interval) }
    }
  }

  /// The model's name.
  let model: String
  /// The calibration file.
  let path: String
  /// Its hash.
  let sha256: String
  /// Background events that the thresholds are of.
  let eventCount: Int
  /// The confidence of the calibration's intervals.
  let confidence: Double
  /// In the calibration's order.
  let points: [Point]

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
