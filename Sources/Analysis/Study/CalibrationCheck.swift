public import Calibration
internal import DurableFiles

/// What thresholds that were set on other events do to the events of a study.
public struct CalibrationCheck: Sendable {
  /// Events that pass, and events in all.
  public struct Passing: Equatable, Sendable {
    /// Events with a score above the threshold.
    public let passed: Int
    /// Events with a score.
    public let count: Int
    /// Clopper and Pearson's interval.
    public let interval: ClosedRange<Double>

    /// The share that passes.
    public var rate: Double { Double(passed) / Double(count) }

    init(_ sample: ScoreSample, above threshold: Double, confidence: Double) {
      passed = sample.count(above: threshold)
      count = sample.count
      interval = clopperPearson(successes: passed, trials: count, confidence: confidence)
    }
  }

  /// One working point.
  public struct Point: Sendable {
    /// As it was calibrated.
    public let workingPoint: WorkingPoint
    /// What of the study's background passes.
    public let background: Passing
    /// What of each signal passes.
    public let signals: [Passing]

    /// Whether the rate of the study's background and the calibrated one exclude each other: their
    /// intervals do not meet. Nil where the calibration has no interval.
    public var isOffTarget: Bool? {
      workingPoint.fprInterval.map { !$0.overlaps(background.interval) }
    }
  }

  /// The model's name.
  public let model: String
  /// The calibration file.
  public let path: String
  /// Its hash.
  public let sha256: String
  /// Background events that the thresholds are of.
  public let eventCount: Int
  /// The confidence of the calibration's intervals.
  public let confidence: Double
  /// In the calibration's order.
  public let points: [Point]

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
      let threshold = Double(point.threshold)
      return Point(
        workingPoint: point,
        background: Passing(background, above: threshold, confidence: confidence),
        signals: signals.map { Passing($0, above: threshold, confidence: confidence) })
    }
  }
}
