/// The configuration of `tamisd`: the checked content of its YAML file, with every default filled
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
  /// `shadow`: a model and calibration that score beside the live ones and publish nothing; nil for
  /// none.
  public var shadow: Shadow?
  /// `flood`: the cap on the flagged rate.
  public var flood = Flood()
  /// `journal`: the flagged records on disk.
  public var journal: Journal
  /// `catch_up`: flagged records by number, for consumers that were away.
  public var catchUp = CatchUp()
  /// `unbiased`: the prescaled sample of the input.
  public var unbiased = Unbiased()
  /// `drift`: how the stream is compared with the background of the calibration.
  public var drift = Drift()
  /// `engine`: scoring.
  public var engine = Engine()
  /// `http`: metrics and health.
  public var http = HTTP()
  /// `security`: keys, and who may connect.
  public var security = Security()
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
    /// `shared`: whether other daemons take a part of the same stream. Gaps are then no losses.
    public var shared = false
    /// `silence_s`: a run or source without a record for this many seconds gives up its place in
    /// the ledger.
    public var silenceS = 3_600
    /// `message_bytes_max`: a larger message part is refused; one larger than twice this closes its
    /// connection. 384 to 1 GiB.
    public var messageByteCountMax = 1_048_576
    /// `high_water_mark`: messages queued per peer, 1 to 1,000,000.
    public var highWaterMark = 1_000
    /// `queue_bytes_max`: bytes queued per peer. Where messages are large the queue holds fewer of
    /// them. 1 MiB to 1 TiB.
    public var queueByteCountMax = 536_870_912
    /// `total_bytes_max`: bytes queued from all peers together; 16 MiB to 1 TiB.
    public var totalByteCountMax = 1_073_741_824

    /// An input with these addresses and all defaults.
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
    /// Which events go out.
    public enum Publishing: String, CaseIterable, Sendable {
      case flagged, all
    }

    /// `publish`: the events that are kept, or every event, for commissioning.
    public var publish = Publishing.flagged
    /// `repeat_records`: the number of records that are sent again when it is not certain that they
    /// arrived, 0 (as many as queues can hold) to 1,000,000.
    public var repeatRecordCount = 0
    /// `slow_receiver_s`: the seconds for which one receiver may delay the others, 1 to 86,400.
    public var slowReceiverS = 30

    /// An output with these addresses and all defaults.
    public init(connect: [String] = [], bind: [String] = []) {
      self.connect = connect
      self.bind = bind
    }
  }

  /// A model and calibration that score every event beside the live ones.
  public struct Shadow: Equatable, Sendable {
    /// `model`: path of its model file.
    public var model: String
    /// `calibration`: path of its calibration file.
    public var calibration: String

    /// Both are needed.
    public init(model: String, calibration: String) {
      self.model = model
      self.calibration = calibration
    }
  }

  /// The cap on the flagged rate.
  public struct Flood: Equatable, Sendable {
    /// `flagged_rate_max`: the largest number of flagged events that are kept in a second, 0 (no
    /// cap) to 10,000,000.
    public var flaggedRateMax = 0

    /// The defaults.
    public init() {}
  }

  /// The flagged journal.
  public struct Journal: Equatable, Sendable {
    /// `path`: its folder.
    public var path: String
    /// `fsync_interval_ms`: the longest time from the writing of a record until the disk has it, 0
    /// (before it is published) to 60,000.
    public var fsyncIntervalMs = 100
    /// `segment_bytes_max`: the size at which a segment is closed, 64 KiB to 1 TiB.
    public var segmentByteCountMax = 1_073_741_824
    /// `segment_age_max_s`: the age at which a segment is closed, 0 (none) to 31,536,000.
    public var segmentAgeMaxS = 0
    /// `keep_bytes_max`: the size above which old segments are deleted, 0 (none) to 1 PiB; at least
    /// twice `segmentByteCountMax`.
    public var keepByteCountMax = 0
    /// `keep_age_max_s`: the age above which segments are deleted, 0 (none) to 3,153,600,000.
    public var keepAgeMaxS = 0
    /// `delete_unpublished`: whether records that were not published may be deleted, too.
    public var deletesUnpublished = false
    /// `free_bytes_min`: the free space below which the daemon warns, 0 to 1 PiB.
    public var freeByteCountMin = 268_435_456

    /// A journal in this folder, with all defaults.
    public init(path: String = "journal") {
      self.path = path
    }
  }

  /// Flagged records by number. Without an address there is no such service.
  public struct CatchUp: Equatable, Sendable {
    /// `bind`: ZeroMQ addresses.
    public var bind: [String] = []
    /// `reply_bytes_max`: the longest records part of a reply, 64 KiB to 64 MiB.
    public var replyByteCountMax = 1_048_576
    /// `bytes_per_second_max`: bytes read from the journal in a second for all consumers together,
    /// 0 (no limit) to 1 TiB.
    public var bytesPerSecondMax = 104_857_600

    /// The defaults.
    public init() {}
  }

  /// The unbiased sample.
  public struct Unbiased: Equatable, Sendable {
    /// `prescale`: one in this many input events is taken, 0 (none) to 4294967295.
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
    /// threads to the scheduler. With `workers: 0` the one thread is bound to the first, and the
    /// others are ignored.
    public var affinity: [Int] = []
    /// `workers`: scoring threads, 0 (everything in one thread) to 256.
    public var workers = 1
    /// `slots`: the number of records that can wait between threads, `batchMax` to 16,777,216.
    public var slots = 16_384

    /// The defaults.
    public init() {}
  }

  /// The HTTP endpoint.
  public struct HTTP: Equatable, Sendable {
    /// `listen`: HOST:PORT; nil, in the file `""`, is no endpoint.
    public var listen: String? = "127.0.0.1:9464"
    /// `names`: further names by which requests may call it, beside the address, localhost and this
    /// machine's own name.
    public var names: [String] = []

    /// The defaults.
    public init() {}
  }

  /// Keys and limits of the sockets. Files are paths, or `credential:NAME`.
  public struct Security: Equatable, Sendable {
    /// `key_pair`: the file of the daemon's own keys; nil, in the file `""`, leaves all sockets plain.
    public var keyPair: String?
    /// `clients`: the file of the public keys that may connect to sockets that bind.
    public var clients: String?
    /// `servers`: the file of the public keys of the servers that sockets connect to.
    public var servers: String?
    /// `connections_max`: peers connected to a bound socket at a time, 1 to 10,000.
    public var connectionCountMax = 64
    /// `handshake_timeout_ms`: how long the handshake of a new connection may take, 100 to 60,000.
    public var handshakeTimeoutMs = 5_000

    /// The defaults.
    public init() {}
  }

  /// The end.
  public struct Shutdown: Equatable, Sendable {
    /// `drain_timeout_ms`: how long the daemon may take at its end to score, journal and publish
    /// the records that it has received, 0 to 600,000.
    public var drainTimeoutMs = 10_000

    /// The defaults.
    public init() {}
  }

  /// The log.
  public struct Log: Equatable, Sendable {
    /// The least important messages that are written.
    public enum Level: String, CaseIterable, Sendable {
      case trace, debug, info, notice, warning, error, critical
    }

    /// The form of a line.
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
