/// When something counts as wrong. The Prometheus rules look at the same figures, and wait before
/// they call anybody.
enum AlarmLimits {
  /// A stage that has not gone once around its loop for so long stands still.
  static let sinceProgressSeconds = 10.0
  /// No event for so long is no stream.
  static let sinceEventSeconds = 60.0
  /// Refused records among all received.
  static let rejectedRatio = 0.001
  /// Time in which input waited, of all time.
  static let deadTimeRatio = 0.005
  /// Records that wait for the output although it takes some.
  static let waitingRecords: UInt64 = 10_000
  /// An output that has taken nothing for so long while records waited.
  static let outputPatienceSeconds = 60.0
  /// A disk with less than this, or that will be full sooner, is filling.
  static let journalFreeBytes: UInt64 = 1 << 30
  static let journalFullSeconds = 4 * 3_600.0
  /// A realised rate is off where it is so many times the target, or the target so many times it,
  /// beyond what chance does with the probability of 10^-6 in a window.
  static let rateFactor = 1.5
  static let rateConfidence = 1 - 2e-6
  /// A daemon younger than this has restarted.
  static let uptimeSeconds = 300.0
}
