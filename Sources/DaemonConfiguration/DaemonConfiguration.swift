/// What an operator tells `tamisd`: the content of its YAML file, checked, with every default filled
/// in. Paths are resolved against the file's folder.
public struct DaemonConfiguration: Equatable, Sendable {
  /// `instance`: the number that flagged records carry, 0 to 4294967295.
  public var instance: UInt32 = 1
  /// `model`: path of the model file.
  public var model: String
  /// `calibration`: path of the calibration file.
  public var calibration: String
  /// `input`: where event records come from.
  public var input: Input
  /// `output`: where flagged records go.
  public var output: Output
  /// `journal`: the flagged records on disk.
  public var journal: Journal
  /// `unbiased`: the prescaled sample of the input.
  public var unbiased = Unbiased()
  /// `drift`: whether the stream is still the background of the calibration.
  public var drift = Drift()
  /// `engine`: scoring.
  public var engine = Engine()
  /// `http`: metrics and health.
  public var http = HTTP()
  /// `shutdown`: how the daemon ends.
  public var shutdown = Shutdown()
  /// `log`: what goes to stderr.
  public var log = Log()

  /// A configuration of the required keys; everything else has its default.
  public init(
    model: String, calibration: String, input: Input, output: Output, journal: Journal = Journal()
  ) {
    self.model = model
    self.calibration = calibration
    self.input = input
    self.output = output
    self.journal = journal
  }

  /// The input socket. At least one of `connect` and `bind` is not empty.
  public struct Input: Equatable, Sendable {
    /// What kind of socket receives.
    public enum Pattern: String, CaseIterable, Sendable {
      case pull, sub
    }

    /// `pattern`.
    public var pattern = Pattern.pull
    /// `connect`: ZeroMQ addresses.
    public var connect: [String]
    /// `bind`: ZeroMQ addresses.
    public var bind: [String]
    /// `topic`: the prefix subscribed to; empty is everything, and with `pull` always empty.
    public var topic = ""
    /// `message_bytes_max`: a sender of a larger message part is disconnected; 384 to 1 GiB.
    public var messageByteCountMax = 1_048_576
    /// `high_water_mark`: messages queued per peer, 1 to 1,000,000.
    public var highWaterMark = 1_000

    /// An input with defaults but for its addresses.
    public init(connect: [String] = [], bind: [String] = []) {
      self.connect = connect
      self.bind = bind
    }
  }

  /// The output socket. At least one of `connect` and `bind` is not empty.
  public struct Output: Equatable, Sendable {
    /// What kind of socket sends.
    public enum Pattern: String, CaseIterable, Sendable {
      case pub, push
    }

    /// `pattern`.
    public var pattern = Pattern.pub
    /// `connect`: ZeroMQ addresses.
    public var connect: [String]
    /// `bind`: ZeroMQ addresses.
    public var bind: [String]
    /// `high_water_mark`: records queued per peer, 1 to 1,000,000.
    public var highWaterMark = 10_000

    /// An output with defaults but for its addresses.
    public init(connect: [String] = [], bind: [String] = []) {
      self.connect = connect
      self.bind = bind
    }
  }

  /// The flagged journal.
  public struct Journal: Equatable, Sendable {
    /// `path`: its folder.
    public var path: String
    /// `fsync_interval_ms`: the longest time that a record waits to be on the disk, 0 (sync after
    /// every batch) to 60,000.
    public var fsyncIntervalMs = 100
    /// `segment_bytes_max`: the size at which a segment is closed, 64 KiB to 1 TiB.
    public var segmentByteCountMax = 1_073_741_824

    /// A journal with defaults but for its folder.
    public init(path: String = "journal") {
      self.path = path
    }
  }

  /// The unbiased sample.
  public struct Unbiased: Equatable, Sendable {
    /// `prescale`: one in so many input events, 0 (none) to 4294967295.
    public var prescale = 10_000

    /// The defaults.
    public init() {}
  }

  /// Scoring.
  public struct Engine: Equatable, Sendable {
    /// The arithmetic of the score.
    public enum Precision: String, CaseIterable, Sendable {
      case exact, screened
    }

    /// `precision`.
    public var precision = Precision.exact
    /// `batch_max`: events scored together at most, 1 to 4096.
    public var batchMax = 256
    /// `affinity`: the processors that the scoring threads are bound to, in turn; empty leaves all
    /// threads to the scheduler.
    public var affinity: [Int] = []
    /// `workers`: scoring threads, 0 (everything in one thread) to 256.
    public var workers = 1
    /// `slots`: records that wait between threads at most, `batchMax` to 16,777,216.
    public var slots = 16_384

    /// The defaults.
    public init() {}
  }

  /// The HTTP endpoint.
  public struct HTTP: Equatable, Sendable {
    /// `listen`: HOST:PORT; nil, in the file `""`, is no endpoint.
    public var listen: String? = "127.0.0.1:9464"

    /// The defaults.
    public init() {}
  }

  /// The end.
  public struct Shutdown: Equatable, Sendable {
    /// `drain_timeout_ms`: how long the daemon scores, journals and publishes what it has received
    /// before it gives up, 0 to 600,000.
    public var drainTimeoutMs = 10_000

    /// The defaults.
    public init() {}
  }

  /// The log.
  public struct Log: Equatable, Sendable {
    /// How much is said.
    public enum Level: String, CaseIterable, Sendable {
      case trace, debug, info, notice, warning, error, critical
    }

    /// How it is said.
    public enum Format: String, CaseIterable, Sendable {
      case text, json
    }

    /// `level`: the least important messages that are written.
    public var level = Level.info
    /// `format`: lines for people or one JSON object a line.
    public var format = Format.text

    /// The defaults.
    public init() {}
  }
}
