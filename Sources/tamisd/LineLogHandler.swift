internal import CLinux
internal import DaemonConfiguration
internal import DurableFiles
internal import Glibc
internal import Logging
internal import ServiceNotify

/// Writes each log message as one line on stderr: `time level message key=value ...`, or a JSON
/// object. One write call a line, so lines of several threads do not mix.
///
/// On the stream to the journal of systemd a text line begins with `<N>` instead of time and level:
/// the journal keeps its own time, and `journalctl -p warning` knows the level.
struct LineLogHandler: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  private let isJSON: Bool
  private let isJournaled = isJournalStream(STDERR_FILENO)

  init(_ log: DaemonConfiguration.Log) {
    logLevel = Logger.Level(rawValue: log.level.rawValue) ?? .info
    isJSON = log.format == .json
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let pairs = metadata.merging(event.metadata ?? [:]) { $1 }
      .sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
    let time = ("time", utcText(tamis_realtime_ns(), milliseconds: true))
    let level = ("level", event.level.rawValue)
    let message = ("message", "\(event.message)")
    var line =
      if isJSON {
        json([time, level, message] + pairs)
      } else if isJournaled {
        "<\(event.level.syslogLevel)>" + text([message], pairs)
      } else {
        text([time, level, message], pairs)
      }
    line += "\n"
    _ = line.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  private func text(_ head: [(String, String)], _ pairs: [(String, String)]) -> String {
    let values = pairs.map { key, value in
      "\(key)=\(value.contains { $0 == " " || $0 == "\"" } ? quoted(value) : value)"
    }
    return (head.map(\.1) + values).joined(separator: " ")
  }

  private func json(_ pairs: [(String, String)]) -> String {
    "{" + pairs.map { "\(quoted($0)):\(quoted($1))" }.joined(separator: ",") + "}"
  }

  private func quoted(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "\"") { result, scalar in
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    } + "\""
  }
}

extension Logger.Level {
  /// The level as syslog(3) numbers it.
  fileprivate var syslogLevel: Int {
    switch self {
    case .critical: 2
    case .error: 3
    case .warning: 4
    case .notice: 5
    case .info: 6
    case .debug, .trace: 7
    }
  }
}
