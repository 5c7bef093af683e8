package import Calibration
package import EventRecords

/// How rare the scores of flagged records are: the field `background_rate`.
package struct RecordRarity: Sendable {
  private let high: BackgroundRates?
  private let low: QuietReference?

  /// The background rates of a calibration.
  package init(_ calibration: TriggerCalibration) {
    high = calibration.backgroundRates
    low = calibration.quiet
  }

  /// The field of a record with this score and these reasons: the rate of background scores at least as
  /// high, or at most as high where the event is kept for a low one; 0 where that is not known.
  package func field(of score: Float, for reasons: FlagReasons) -> Float {
    reasons.contains(.belowThreshold) ? low?.field(of: score) ?? 0 : high?.field(of: score) ?? 0
  }
}
