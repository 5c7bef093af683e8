internal import BoundedNumbers
internal import Drift
public import TriggerPipeline

/// The cap on the flagged rate.
public struct FloodFacts: Equatable, Sendable {
  /// The prescale that it imposes now; 1 while there is no flood.
  public var prescale: UInt64 = 1
  /// Events that only the cap kept from being flagged.
  public var suppressed: UInt64 = 0

  /// No flood.
  public init() {}
}

/// How well the screen agrees with exact scores.
public struct ScreenFacts: Equatable, Sendable {
  /// The fraction by which a screen score may fall short of the exact score.
  public var margin: Double
  /// Events left to the exact network.
  public var rescored: UInt64 = 0
  /// Sampled events, which the screen and the exact network both scored.
  public var audited: UInt64 = 0
  /// Sampled events that the screen would have lost.
  public var disagreements: UInt64 = 0
  /// The largest share by which the screen score of a firing event fell short.
  public var shortfallMax: Float = 0

  /// A screen that has seen nothing.
  public init(margin: Double) { self.margin = margin }
}

/// How live and shadow decisions compare.
public struct ShadowFacts: Equatable, Sendable {
  /// What scores beside the live generation.
  public var generation: GenerationFacts.Shadow
  /// Events by `ShadowOutcome`, in its order.
  public var outcomes: [UInt64] = ShadowOutcome.allCases.map { _ in 0 }

  /// A shadow that has seen nothing.
  public init(generation: GenerationFacts.Shadow) { self.generation = generation }
}

/// Switches of model and calibration.
public struct ReloadFacts: Equatable, Sendable {
  /// Those made.
  public var made: UInt64 = 0
  /// Candidates refused.
  public var refused: UInt64 = 0
  /// Whether the last one was made; true before the first.
  public var lastSucceeded = true
  /// When the last one was asked for, ns since the epoch; 0 before the first.
  public var lastNs: UInt64 = 0
  /// Why the last one was refused; nil where it was made.
  public var lastRefusal: String?

  /// None so far.
  public init() {}
}

/// The ring between input and output.
public struct RingFacts: Equatable, Sendable {
  /// Records in it.
  public var records = 0
  /// Records that fit.
  public var capacity = 0

  /// Empty.
  public init() {}
}

/// The journal.
public struct JournalFacts: Equatable, Sendable {
  /// Records written.
  public var records: UInt64 = 0
  /// Bytes written.
  public var bytes: UInt64 = 0
  /// Attempts to write that failed.
  public var failures: UInt64 = 0
  /// The age of the oldest record that is not yet on the disk itself; 0 while there is none.
  public var lagSeconds = 0.0
  /// Its folder and file system; nil where they are not observed.
  public var storage: Storage?

  /// What lies on the disk.
  public struct Storage: Equatable, Sendable {
    /// Segments, the open one included.
    public var segments: Int
    /// Bytes of all segments.
    public var sizeBytes: UInt64
    /// Bytes that are free on the file system for this process.
    public var freeBytes: UInt64
    /// The number of the oldest record that is still there.
    public var oldestNumber: UInt64
    /// The highest number ever journaled.
    public var lastNumber: UInt64
    /// The number of the last published record: the output holds it and all before it no more.
    public var publishedNumber: UInt64
    /// Records deleted by rotation after they were published.
    public var deletedPublished: UInt64
    /// Records deleted by rotation that were never published.
    public var deletedUnpublished: UInt64
    /// Whether less is free than the configuration wants.
    public var isSpaceLow = false
    /// Whether the system's clock is far off what has passed since the start.
    public var isClockSuspect = false
    /// Whether it exceeds its limits because only unpublished records could be deleted.
    public var isRetentionHeld = false

    /// Creates the facts of a journal within its limits.
    public init(
      segments: Int, sizeBytes: UInt64, freeBytes: UInt64, oldestNumber: UInt64,
      lastNumber: UInt64, publishedNumber: UInt64, deletedPublished: UInt64 = 0,
      deletedUnpublished: UInt64 = 0
    ) {
      self.segments = segments
      self.sizeBytes = sizeBytes
      self.freeBytes = freeBytes
      self.oldestNumber = oldestNumber
      self.lastNumber = lastNumber
      self.publishedNumber = publishedNumber
      self.deletedPublished = deletedPublished
      self.deletedUnpublished = deletedUnpublished
    }
  }

  /// Empty.
  public init() {}
}

/// The output socket.
public struct OutputFacts: Equatable, Sendable {
  /// Journaled records that wait for it.
  public var waiting: UInt64 = 0
  /// Records of the topic `flagged` that the output has taken, each counted once.
  public var publishedFlagged: UInt64 = 0
  /// The same for the topic `unbiased`.
  public var publishedUnbiased: UInt64 = 0
  /// The same for the topic `unflagged`.
  public var publishedUnflagged: UInt64 = 0
  /// Kept events that could not be journaled.
  public var abandoned: UInt64 = 0
  /// Sends that it could not take.
  public var blocked: UInt64 = 0
  /// Subscriptions to a PUB output.
  public var subscribers: UInt64 = 0
  /// Records that were sent again.
  public var repeated: UInt64 = 0

  /// Nothing sent.
  public init() {}

  /// Records of all topics that the output has taken, each counted once.
  public var published: UInt64 { publishedFlagged +| publishedUnbiased +| publishedUnflagged }
}

/// Connections to the daemon's sockets.
public struct ConnectionFacts: Equatable, Sendable {
  /// One of its sockets.
  public struct Socket: Equatable, Sendable {
    /// `input`, `output` or `catch_up`.
    public var name: String
    /// Connections established now.
    public var established: Int
    /// Handshakes that succeeded.
    public var accepted: UInt64
    /// Whether it needs a connection to be of use: a socket that connects and does not listen.
    public var needsOne: Bool

    /// Creates the facts.
    public init(name: String, established: Int, accepted: UInt64, needsOne: Bool) {
      self.name = name
      self.established = established
      self.accepted = accepted
      self.needsOne = needsOne
    }
  }

  /// Handshakes that failed on one socket for one reason.
  public struct Failure: Equatable, Sendable {
    /// The socket's name.
    public var socket: String
    /// Why, in a word of a fixed list.
    public var reason: String
    /// How many.
    public var count: UInt64

    /// Creates the facts.
    public init(socket: String, reason: String, count: UInt64) {
      self.socket = socket
      self.reason = reason
      self.count = count
    }
  }

  /// The sockets.
  public var sockets: [Socket]
  /// What failed.
  public var failures: [Failure]
  /// Connections that were cut off.
  public var cuts: [Failure]

  /// Creates the facts.
  public init(sockets: [Socket], failures: [Failure] = [], cuts: [Failure] = []) {
    self.cuts = cuts
    self.sockets = sockets
    self.failures = failures
  }

  /// All failed handshakes.
  public var failed: UInt64 { failures.map(\.count).saturatingSum }
}

/// The socket for records of the past.
public struct CatchUpFacts: Equatable, Sendable {
  /// Requests with one result.
  public struct Requests: Equatable, Sendable {
    /// The result, in a word of a fixed list such as `ok`.
    public var result: String
    /// How many.
    public var count: UInt64

    /// Creates the facts.
    public init(result: String, count: UInt64) {
      self.result = result
      self.count = count
    }
  }

  /// Requests by result.
  public var requests: [Requests]
  /// Records sent again.
  public var records: UInt64
  /// Replies that could not be delivered: the consumer was gone, or does not read.
  public var unanswered: UInt64
  /// Records asked for and left out because they are damaged on the disk.
  public var unreadable: UInt64

  /// Creates the facts.
  public init(
    requests: [Requests], records: UInt64, unanswered: UInt64 = 0, unreadable: UInt64 = 0
  ) {
    self.requests = requests
    self.records = records
    self.unanswered = unanswered
    self.unreadable = unreadable
  }
}

/// Drift against the calibration's reference.
public struct DriftFacts: Equatable, Sendable {
  /// One check.
  public struct Check: Equatable, Sendable {
    /// Its name, of a fixed list.
    public var name: String
    /// The last statistic; nil before the first window is full.
    public var statistic: Double?
    /// The check is out of bounds above this; nil before the first window is full.
    public var limit: Double?
    /// Whether its alarm is on.
    public var isAlarming: Bool
    /// How it deviates, in words with numbers; nil before the first window is full.
    public var finding: String?
    /// How often its alarm went on.
    public var alarms: UInt64
    /// Windows judged.
    public var windows: UInt64

    /// Creates the facts.
    public init(
      name: String, statistic: Double?, limit: Double?, isAlarming: Bool, finding: String? = nil,
      alarms: UInt64, windows: UInt64
    ) {
      self.name = name
      self.statistic = statistic
      self.limit = limit
      self.isAlarming = isAlarming
      self.finding = finding
      self.alarms = alarms
      self.windows = windows
    }
  }

  /// A feature's deviation from the reference.
  public struct Feature: Equatable, Sendable {
    /// The feature's name.
    public var name: String
    /// By how many standard errors its mean or spread is off.
    public var deviation: Double

    /// Creates the facts.
    public init(name: String, deviation: Double) {
      self.name = name
      self.deviation = deviation
    }
  }

  /// The checks.
  public var checks: [Check]
  /// The features, in the model's order; those of more than `featureCountMax` are not exported as
  /// metrics, whose labels are bounded.
  public var features: [Feature]

  /// The most features that have a metric each.
  public static let featureCountMax = 256

  /// Creates the facts.
  public init(checks: [Check], features: [Feature] = []) {
    self.checks = checks
    self.features = features
  }
}

extension DriftFacts {
  /// What a monitor reports. A check that has nothing to compare with has no limit and is left out.
  init(_ report: DriftReport) {
    self.init(
      checks: report.checks.filter(\.isActive).map {
        Check(
          name: $0.name.rawValue, statistic: $0.statistic, limit: $0.limit, isAlarming: $0.isRaised,
          finding: $0.finding, alarms: $0.alarmCount, windows: $0.windowCount)
      },
      features: report.features.filter { !$0.isIgnored }.compactMap { feature in
        let statistics = [feature.meanStatistic, feature.spreadStatistic].compactMap { $0 }
        return statistics.max { abs($0) < abs($1) }
          .map { Feature(name: feature.name, deviation: $0) }
      })
  }
}
