/// The counts of a stretch of time that ends now.
package struct WindowFacts: Equatable, Sendable {
  /// Events of one working point.
  package struct Point: Equatable, Sendable {
    /// Events that fired, before its prescale.
    package var fired: UInt64
    /// Fired events that were kept.
    package var flagged: UInt64

    /// Events that it alone kept.
    package var flaggedAlone: UInt64

    /// Creates the counts.
    package init(fired: UInt64, flagged: UInt64, flaggedAlone: UInt64 = 0) {
      self.fired = fired
      self.flagged = flagged
      self.flaggedAlone = flaggedAlone
    }
  }

  /// Its length; 0 just after the start.
  package var seconds = 0.0
  /// Events received and records refused.
  package var received: UInt64 = 0
  /// Gaps that were not filled within the window.
  package var lost: UInt64 = 0
  /// Records refused.
  package var rejected: UInt64 = 0
  /// Events that got a score.
  package var scored: UInt64 = 0
  /// Records that the output has taken.
  package var published: UInt64 = 0
  /// Kept events that could not be journaled, and events shed.
  package var givenUp: UInt64 = 0
  /// Bytes written to the journal.
  package var journalBytes: UInt64 = 0
  /// By how much the free space of the journal's disk falls in such a window, whoever takes it:
  /// twice the fall of the half in which it fell less. One large file of another program, which is
  /// written in a minute, is no pace.
  package var diskBytesTaken: UInt64 = 0
  /// The share of the time in which input waited for the pipeline.
  package var deadTimeRatio = 0.0
  /// Audited events that the screen would have lost.
  package var screenDisagreements: UInt64 = 0
  /// Failed handshakes.
  package var handshakesFailed: UInt64 = 0
  /// Connections that were cut off.
  package var connectionsCut: UInt64 = 0
  /// The working points, in the order of `DaemonStatus.points`.
  package var points: [Point] = []
  /// The latency that half of the decisions did not exceed; nil without decisions.
  package var latencyP50Seconds: Double?
  /// The latency that 99 % did not exceed.
  package var latencyP99Seconds: Double?

  /// Nothing, in no time.
  package init() {}

  /// `count` a second; nil where the window has no length.
  package func perSecond(_ count: UInt64) -> Double? {
    seconds > 0 ? Double(count) / seconds : nil
  }
}

/// Rates over one step of the history.
package struct HistoryPoint: Equatable, Sendable {
  /// The end of the step, ns since the epoch.
  package var timeNs: UInt64
  /// Events received a second.
  package var receivedPerSecond: Double
  /// Events lost a second.
  package var lostPerSecond: Double
  /// Events flagged a second by each working point, in the order of `DaemonStatus.points`.
  package var flaggedPerSecond: [Double]

  /// Creates a point.
  package init(
    timeNs: UInt64, receivedPerSecond: Double, lostPerSecond: Double, flaggedPerSecond: [Double]
  ) {
    self.timeNs = timeNs
    self.receivedPerSecond = receivedPerSecond
    self.lostPerSecond = lostPerSecond
    self.flaggedPerSecond = flaggedPerSecond
  }
}
