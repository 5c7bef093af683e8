internal import CLinux
internal import DaemonConfiguration
internal import DurableFiles
internal import Glibc
internal import Logging
internal import ServiceNotify

/// Makes each log message one line on stderr: `time level message key=value ...`, or a JSON object.
/// A `LogWriter` writes them one after another, so lines of several threads do not mix and no
/// thread waits for the reader.
///
/// On the stream to the journal of systemd a text line begins with `<N>` instead of time and level:
/// the journal keeps its own time, and `journalctl -p warning` knows the level.
struct LineLogHandler: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  private let format: LineFormat
  private let writer: LogWriter

  init(_ log: DaemonConfiguration.Log) {
    logLevel = Logger.Level(rawValue: log.level.rawValue) ?? .info
    let format = LineFormat(
      isJSON: log.format == .json, isJournaled: isJournalStream(STDERR_FILENO))
    self.format = format
    writer = LogWriter { count in
      format.line(
        .warning, "log lines were dropped: nobody read stderr", [("count", "\(count)")])
    }
  }

  /// Returns when all lines so far are written, or after two seconds.
  func flush() { writer.flush(timeoutMs: 2_000) }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let pairs = metadata.merging(event.metadata ?? [:]) { $1 }
      .sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
    writer.append(format.line(event.level, "\(event.message)", pairs))
  }
}

/// How a message reads as a line.
struct LineFormat: Sendable {
  let isJSON: Bool
  let isJournaled: Bool

  /// The line with its end.
  func line(_ level: Logger.Level, _ message: String, _ pairs: [(String, String)]) -> String {
    let time = ("time", utcText(tamis_realtime_ns(), milliseconds: true))
    let named = ("level", level.rawValue)
    let message = ("message", message)
    let line =
      if isJSON {
        json([time, named, message] + pairs)
      } else if isJournaled {
        "<\(level.syslogLevel)>" + text([message], pairs)
      } else {
        text([time, named, message], pairs)
      }
    return line + "\n"
  }

  private func text(_ head: [(String, String)], _ pairs: [(String, String)]) -> String {
    let values = pairs.map { key, value in
      "\(key)=\(value.contains { $0.isWhitespace || $0 == "\"" } ? quoted(value) : value)"
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
