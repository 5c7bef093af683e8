package import RateControl
package import TriggerPipeline

/// The content of the YAML file of `tamisd`, checked, with every default filled in. Paths are resolved
/// against the file's folder.
///
/// `ConfigurationSection.all` declares the keys; the initial values here and in `PipelineSettings`
/// are their defaults, and `etc/tamisd.yaml` says what they mean.
package struct DaemonConfiguration: Equatable, Sendable {
  /// Path of the model file.
  package var model = ""
  /// Path of the calibration file.
  package var calibration = ""
  /// The settings of the pipeline. They lack key pair, clients and servers, which are in the files that
  /// `security` names.
  package var pipeline = PipelineSettings()
  /// The files that score beside the live model and publish nothing; nil for none.
  package var shadow: Shadow? {
    guard let shadowModel, let shadowCalibration else { return nil }
    return Shadow(model: shadowModel, calibration: shadowCalibration)
  }
  /// Which rates are held, and how.
  package var rateControl = RateControlSettings()
  /// Prescales by section or time.
  package var prescales = PrescaleSchedule()
  /// The file that it was read from; "" for none. No key.
  package internal(set) var file = ""
  /// Metrics and health.
  package var http = HTTP()
  /// The files of keys.
  package var security = Security()
  /// The log on stderr.
  package var log = Log()

  package var shadowModel: String?
  package var shadowCalibration: String?

  /// The defaults; a file must name at least a model, a calibration, an input and an output.
  package init() {}

  /// Whether every key has the same value.
  package static func == (one: DaemonConfiguration, other: DaemonConfiguration) -> Bool {
    one.keys(differingFrom: other).isEmpty
  }

  /// A model and calibration that score every event beside the live ones.
  package struct Shadow: Equatable, Sendable {
    /// Path of its model file.
    package var model: String
    /// Path of its calibration file.
    package var calibration: String
  }

  /// The HTTP endpoint.
  package struct HTTP: Equatable, Sendable {
    /// HOST:PORT; nil is no endpoint.
    package var listen: String? = "127.0.0.1:9464"
    /// Names that requests may call it by, besides the address and this machine's own name.
    package var names: [String] = []
  }

  /// Files of keys: paths, or `credential:NAME`; nil for none.
  package struct Security: Equatable, Sendable {
    /// The daemon's own keys; nil leaves all sockets plain.
    package var keyPair: String?
    /// The public keys that may connect to sockets that bind.
    package var clients: String?
    /// The public keys of the servers that sockets connect to.
    package var servers: String?
  }

  /// The log.
  package struct Log: Equatable, Sendable {
    /// The least important messages that are written.
    package enum Level: String, CaseIterable, Sendable {
      case trace, debug, info, notice, warning, error, critical
    }

    /// The form of a line.
    package enum Format: String, CaseIterable, Sendable {
      case text, json
    }

    /// The least important messages that are written.
    package var level = Level.info
    /// Lines for people or one JSON object a line.
    package var format = Format.text
  }
}
