/// The counts of a stretch of time that ends now.
public struct WindowFacts: Equatable, Sendable {
  /// Events of one working point.
  public struct Point: Equatable, Sendable {
    /// Events that fired, before its prescale.
    public var fired: UInt64
    /// Fired events that were kept.
    public var flagged: UInt64

    /// Creates the counts.
    public init(fired: UInt64, flagged: UInt64) {
      self.fired = fired
      self.flagged = flagged
    }
  }

  /// Its length; 0 just after the start.
  public var seconds = 0.0
  /// Events received and records refused.
  public var received: UInt64 = 0
  /// Gaps that were not filled within the window.
  public var lost: UInt64 = 0
  /// Records refused.
  public var rejected: UInt64 = 0
  /// Events that got a score.
  public var scored: UInt64 = 0
  /// Records that the output has taken.
  public var published: UInt64 = 0
  /// Kept events that could not be journaled, and events shed.
  public var givenUp: UInt64 = 0
  /// Bytes written to the journal.
  public var journalBytes: UInt64 = 0
  /// By how much the free space of the journal's disk fell, whoever took it.
  public var diskBytesTaken: UInt64 = 0
  /// The share of the time in which input waited for the pipeline.
  public var deadTimeRatio = 0.0
  /// Audited events that the screen would have lost.
  public var screenDisagreements: UInt64 = 0
  /// Failed handshakes.
  public var handshakesFailed: UInt64 = 0
  /// Connections that were cut off.
  public var connectionsCut: UInt64 = 0
  /// The working points, in the order of `DaemonStatus.points`.
  public var points: [Point] = []
  /// The latency that half of the decisions did not exceed; nil without decisions.
  public var latencyP50Seconds: Double?
  /// The latency that 99 % did not exceed.
  public var latencyP99Seconds: Double?

  /// Nothing, in no time.
  public init() {}

  /// `count` a second; nil where the window has no length.
  public func perSecond(_ count: UInt64) -> Double? {
    seconds > 0 ? Double(count) / seconds : nil
  }
}

/// Rates over one step of the history.
public struct HistoryPoint: Equatable, Sendable {
  /// The end of the step, ns since the epoch.
  public var timeNs: UInt64
  /// Events received a second.
  public var receivedPerSecond: Double
  /// Events lost a second.
  public var lostPerSecond: Double
  /// Events flagged a second by each working point, in the order of `DaemonStatus.points`.
  public var flaggedPerSecond: [Double]

  /// Creates a point.
  public init(
    timeNs: UInt64, receivedPerSecond: Double, lostPerSecond: Double, flaggedPerSecond: [Double]
  ) {
    self.timeNs = timeNs
    self.receivedPerSecond = receivedPerSecond
    self.lostPerSecond = lostPerSecond
    self.flaggedPerSecond = flaggedPerSecond
  }
}
