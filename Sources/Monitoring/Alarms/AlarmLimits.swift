/// The limits beyond which a condition counts as wrong. The Prometheus rules use the same figures,
/// and wait longer before they call anybody.
enum AlarmLimits {
  /// A stage whose loop takes longer than this is taken to stand still.
  static let sinceProgressSeconds = 10.0
  /// Without an event for this long the stream counts as absent.
  static let sinceEventSeconds = 60.0
  /// Refused records among all received.
  static let rejectedRatio = 0.001
  /// Time in which input waited, of all time.
  static let deadTimeRatio = 0.005
  /// Records that wait for the output although it takes some.
  static let waitingRecords: UInt64 = 10_000
  /// The time for which an output may take nothing while records wait.
  static let outputPatienceSeconds = 60.0
  /// A disk with fewer free bytes than this, or that will be full in less than the time below, is
  /// filling.
  static let journalFreeBytes: UInt64 = 1 << 30
  static let journalFullSeconds = 4 * 3_600.0
  /// A realised rate is off where it is more than this many times the target, or the target more
  /// than this many times the rate, and chance explains it with a probability below 10^-6 in a
  /// window.
  static let rateFactor = 1.5
  static let rateConfidence = 1 - 2e-6
  /// A daemon younger than this has restarted.
  static let uptimeSeconds = 300.0
}
