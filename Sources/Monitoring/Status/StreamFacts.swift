internal import BoundedNumbers
public import EventRecords
public import TriggerPipeline

/// What came in since start.
public struct LedgerFacts: Equatable, Sendable {
  /// One sender.
  public struct Source: Equatable, Sendable {
    /// The sender's number. Nil for records whose sender is not known, and for the sum of all
    /// senders that have given up their place.
    public var number: UInt32?
    /// Whether this is the sum of the senders that have given up their place.
    public var isOther = false
    /// Events that came, and records refused.
    public var received: UInt64
    /// Records missed, by gaps in the sequence.
    public var lost: UInt64
    /// Records of a shared stream that did not come here.
    public var elsewhere: UInt64
    /// Records that filled a gap already counted as lost.
    public var late: UInt64
    /// Records refused.
    public var refused: UInt64

    /// Creates a sender's account.
    public init(
      number: UInt32?, received: UInt64, lost: UInt64, late: UInt64, elsewhere: UInt64 = 0,
      refused: UInt64 = 0
    ) {
      self.number = number
      self.received = received
      self.lost = lost
      self.elsewhere = elsewhere
      self.late = late
      self.refused = refused
    }

    /// The number, `unknown` or `other`.
    public var name: String { number.map { "\($0)" } ?? (isOther ? "other" : "unknown") }
  }

  /// A reason and how many records were refused for it.
  public struct Refusal: Equatable, Sendable {
    /// The reason.
    public var reason: RecordRejection
    /// Records and messages.
    public var count: UInt64

    /// Creates an entry.
    public init(reason: RecordRejection, count: UInt64) {
      self.reason = reason
      self.count = count
    }

    /// The reason's name.
    public var name: String { reason.rawValue }
  }

  /// The senders, the unknown one first.
  public var sources: [Source] = []
  /// Every reason there is.
  public var refusals: [Refusal] = RecordRejection.allCases.map { Refusal(reason: $0, count: 0) }
  /// Control records: begin of run, end of run, heartbeat.
  public var controlRecords: [UInt64] = [0, 0, 0]
  /// Messages that left the input socket.
  public var messages: UInt64 = 0
  /// Events that got a score.
  public var scored: UInt64 = 0
  /// Events given up at the end of the daemon.
  public var shed: UInt64 = 0
  /// Run ledgers whose sums did not agree.
  public var faults: UInt64 = 0
  /// When the last decided event was received, ns since the epoch; 0 before the first.
  public var lastEventNs: UInt64 = 0
  /// How long input waited because the ring was full.
  public var inputBlockedNs: UInt64 = 0

  /// The names of the control records, in their order.
  public static let controlNames = ["begin_of_run", "end_of_run", "heartbeat"]

  /// Nothing came.
  public init() {}

  /// Events of all senders.
  public var received: UInt64 { sources.map(\.received).saturatingSum }
  /// Gaps of all senders.
  public var lost: UInt64 { sources.map(\.lost).saturatingSum }
  /// Filled gaps of all senders.
  public var late: UInt64 { sources.map(\.late).saturatingSum }
  /// Refusals for all reasons.
  public var rejected: UInt64 { refusals.map(\.count).saturatingSum }
}

/// A histogram as it stands.
public struct HistogramFacts: Equatable, Sendable {
  /// Inclusive upper bounds, ascending.
  public var upperBounds: [Double]
  /// How many values each bucket holds; one more than bounds, the last above all of them.
  public var counts: [UInt64]
  /// The sum of the values.
  public var sum: Double

  /// Creates a histogram; there is one more count than bounds.
  public init(upperBounds: [Double], counts: [UInt64], sum: Double) {
    precondition(counts.count == upperBounds.count + 1)
    self.upperBounds = upperBounds
    self.counts = counts
    self.sum = sum
  }

  /// How many values there are.
  public var count: UInt64 { counts.saturatingSum }

  /// An estimate of a quantile, as Prometheus' `histogram_quantile` makes it: values spread evenly
  /// within their bucket, those above the last bound at that bound. Nil without values.
  public func quantile(_ probability: Double) -> Double? {
    let total = count
    if total == 0 { return nil }
    let rank = probability * Double(total)
    var below = 0.0
    for (bucket, bucketCount) in counts.enumerated() where bucketCount > 0 {
      let here = Double(bucketCount)
      if below + here >= rank {
        guard bucket < upperBounds.count else { return upperBounds.last }
        let lower = bucket == 0 ? 0 : upperBounds[bucket - 1]
        return lower + (upperBounds[bucket] - lower) * max(0, rank - below) / here
      }
      below += here
    }
    return upperBounds.last
  }

  /// What came since `earlier`, whose bounds are the same.
  func since(_ earlier: [UInt64]) -> HistogramFacts {
    guard earlier.count == counts.count else { return self }
    return HistogramFacts(
      upperBounds: upperBounds, counts: zip(counts, earlier).map { $0 > $1 ? $0 - $1 : 0 },
      sum: .nan)
  }
}

/// What was decided since start.
public struct DecisionFacts: Equatable, Sendable {
  /// Events above the loosest threshold, before any prescale.
  public var aboveThreshold: UInt64 = 0
  /// Events of the unbiased sample.
  public var unbiased: UInt64 = 0
  /// Events kept because a feature was not finite.
  public var notScorable: UInt64 = 0
  /// Events published for commissioning only.
  public var unflagged: UInt64 = 0
  /// Batches scored.
  public var batches: UInt64 = 0
  /// Events in each batch.
  public var batchEvents = HistogramFacts(upperBounds: [], counts: [0], sum: 0)
  /// Scores.
  public var scores = HistogramFacts(upperBounds: [], counts: [0], sum: 0)
  /// The share of the calibration's background in each bucket of `scores`; nil where the
  /// calibration does not say.
  public var referenceShares: [Double]?
  /// Scores in narrow bins around the thresholds; nil where no threshold lies among the bins.
  public var scoreBins: ScoreBinFacts?
  /// Seconds from the socket to the decision.
  public var latency = HistogramFacts(upperBounds: [], counts: [0], sum: 0)

  /// Nothing decided.
  public init() {}
}

/// A working point: its promises and its counts.
public struct PointFacts: Equatable, Sendable {
  /// Its name.
  public var name: String
  /// Its threshold and promises; nil where it is not in force any more.
  public var inForce: PointInForce?
  /// Events that fired, before its prescale, since start.
  public var fired: UInt64
  /// Fired events that also passed its prescale.
  public var flagged: UInt64
  /// The rate of firing since it came into force; nil where it is not in force.
  public var realised: RealisedRate?

  /// Creates a point.
  public init(
    name: String, inForce: PointInForce?, fired: UInt64, flagged: UInt64,
    realised: RealisedRate? = nil
  ) {
    self.name = name
    self.inForce = inForce
    self.fired = fired
    self.flagged = flagged
    self.realised = realised
  }
}
