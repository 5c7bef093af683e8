public import TriggerPipeline

/// What an operator tells `tamisd`: the content of its YAML file, checked, with every default filled
/// in. Paths are resolved against the file's folder.
///
/// `ConfigurationSection.all` declares the keys; the initial values here and in `PipelineSettings`
/// are their defaults, and `etc/tamisd.yaml` says what they mean.
public struct DaemonConfiguration: Equatable, Sendable {
  /// Path of the model file.
  public var model = ""
  /// Path of the calibration file.
  public var calibration = ""
  /// What the pipeline is told. Key pair, clients and servers are not among it yet: they are in the
  /// files that `security` names.
  public var pipeline = PipelineSettings()
  /// What scores beside the live model and publishes nothing; nil for none.
  public var shadow: Shadow? {
    guard let shadowModel, let shadowCalibration else { return nil }
    return Shadow(model: shadowModel, calibration: shadowCalibration)
  }
  /// Metrics and health.
  public var http = HTTP()
  /// The files of keys.
  public var security = Security()
  /// What goes to stderr.
  public var log = Log()

  package var shadowModel: String?
  package var shadowCalibration: String?

  /// The defaults; a file must name at least a model, a calibration, an input and an output.
  public init() {}

  /// Whether every key has the same value.
  public static func == (one: DaemonConfiguration, other: DaemonConfiguration) -> Bool {
    one.keys(differingFrom: other).isEmpty
  }

  /// A model and calibration that score every event beside the live ones.
  public struct Shadow: Equatable, Sendable {
    /// Path of its model file.
    public var model: String
    /// Path of its calibration file.
    public var calibration: String
  }

  /// The HTTP endpoint.
  public struct HTTP: Equatable, Sendable {
    /// HOST:PORT; nil is no endpoint.
    public var listen: String? = "127.0.0.1:9464"
    /// Names that requests may call it by, besides the address and this machine's own name.
    public var names: [String] = []
  }

  /// Files of keys: paths, or `credential:NAME`; nil for none.
  public struct Security: Equatable, Sendable {
    /// The daemon's own keys; nil leaves all sockets plain.
    public var keyPair: String?
    /// The public keys that may connect to sockets that bind.
    public var clients: String?
    /// The public keys of the servers that sockets connect to.
    public var servers: String?
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

    /// The least important messages that are written.
    public var level = Level.info
    /// Lines for people or one JSON object a line.
    public var format = Format.text
  }
}
