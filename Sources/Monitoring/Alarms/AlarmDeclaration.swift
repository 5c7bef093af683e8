internal import NumberText

/// The meaning and the limits of an alarm: declared here, and nowhere else.
///
/// Page, terminal, log and `/status` are made from it. The Prometheus rules, the board, the runbook
/// and the table in docs/operating.md are files of their own; a test compares each with this.
package struct AlarmDeclaration: Sendable {
  /// How grave it is beyond a limit.
  package struct Level: Equatable, Sendable {
    /// How grave.
    package var severity: AlarmSeverity
    /// The value that has to be exceeded; nil where the alarm is a plain yes or no.
    package var limit: Double?
    /// The limit in words, such as `more than 0.1 %`; nil without a limit.
    package var words: String?
  }

  /// From the least grave on.
  package var levels: [Level]
  /// The state while it is on: the rest of a sentence that begins with the severity.
  package var meaning: String
  /// Whether the daemon can say it of itself. The others are those of Prometheus alone.
  package var isOfDaemon = true

  /// `warning: more than 0.1 %; critical: more than 5 %`.
  package var levelText: String {
    levels.map { level in
      level.words.map { "\(level.severity.rawValue): \($0)" } ?? level.severity.rawValue
    }.joined(separator: "; ")
  }

  /// The gravest level that `value` exceeds.
  package func severity(of value: Double) -> AlarmSeverity? {
    levels.last { $0.limit.map { value > $0 } ?? false }?.severity
  }

  /// The gravest severity that it can have.
  package var gravest: AlarmSeverity { levels[levels.count - 1].severity }

  /// The severity of an alarm of one level.
  package var severity: AlarmSeverity {
    precondition(levels.count == 1, "several levels: which one depends on a value")
    return levels[0].severity
  }

  private init(
    _ meaning: String, warning: Double? = nil, critical: Double? = nil,
    words: (Double) -> String
  ) {
    self.meaning = meaning
    levels = []
    if let warning {
      levels.append(Level(severity: .warning, limit: warning, words: words(warning)))
    }
    if let critical {
      levels.append(Level(severity: .critical, limit: critical, words: words(critical)))
    }
  }

  private init(_ severity: AlarmSeverity, _ meaning: String) {
    self.meaning = meaning
    levels = [Level(severity: severity)]
  }
}

extension AlarmDeclaration {
  /// The list.
  static func of(_ name: AlarmName) -> AlarmDeclaration {
    switch name {
    case .down, .restarted, .notReady, .pipelineStuck, .reloadRefused, .handshakesFailed,
      .connectionsCut, .clockSuspect:
      ofDaemon(name)
    case .eventsLost, .eventsRejected, .noEvents, .deadTime: ofInput(name)
    case .journalStalled, .journalDiskFilling, .outputBacklog, .recordsAbandoned, .ledgerFault:
      ofOutput(name)
    case .flood, .flaggedRateOff, .drift, .screenDisagrees: ofDecisions(name)
    }
  }

  private static func ofDaemon(_ name: AlarmName) -> AlarmDeclaration {
    switch name {
    case .down:
      var down = AlarmDeclaration(.critical, "nothing answers where the daemon should")
      down.isOfDaemon = false
      return down
    case .restarted:
      // A daemon does not know how often its predecessors ended.
      var restarted = AlarmDeclaration(
        "the daemon was started within the last 15 minutes", warning: 0, critical: 2,
        words: { $0 == 0 ? "once" : "more than \(countText(UInt64($0), "time"))" })
      restarted.isOfDaemon = false
      return restarted
    case .notReady: return .init(.warning, "`/readyz` says no, and why")
    case .pipelineStuck:
      return .init(
        "a thread of the pipeline has made no progress though there was work, and no journal is "
          + "waited for", critical: 10, words: longerThan)
    case .reloadRefused: return .init(.warning, "the last reload was refused")
    case .handshakesFailed:
      return .init(
        "connections were refused in the last 5 minutes", warning: 5, words: moreThan)
    case .connectionsCut: return .init(.warning, "peers were cut off in the last 5 minutes")
    default:
      return .init(
        .warning, "the system's clock is more than an hour off what has passed since the start")
    }
  }

  private static func ofInput(_ name: AlarmName) -> AlarmDeclaration {
    switch name {
    case .eventsLost:
      .init(
        "records that senders have numbered and that reached no daemon, of all in the last 5 "
          + "minutes",
        warning: 0.001, critical: 0.05, words: moreThanShare)
    case .eventsRejected:
      .init(
        "records that were refused, of all that were received in the last 5 minutes",
        warning: 0.001,
        critical: 0.1, words: moreThanShare)
    case .noEvents:
      .init("a run is open, and no event has come", critical: 300, words: longerThan)
    default:
      .init(
        "time in which input waited because the ring was full, of the last 5 minutes",
        warning: 0.005, critical: 0.1, words: moreThanShare)
    }
  }

  private static func ofOutput(_ name: AlarmName) -> AlarmDeclaration {
    switch name {
    case .journalStalled:
      return .init(.critical, "a kept record cannot be written to the journal")
    case .journalDiskFilling:
      // The value is minus the time until the disk is full: a sooner end is graver.
      return AlarmDeclaration(
        "the journal's disk will be full at its present pace", warning: -86_400,
        critical: -7_200,
        words: {
          let soon = "within \(durationText(-$0))"
          return $0 > -10_000
            ? "\(soon), or less than \(byteText(Double(leastFreeByteCount))) left" : soon
        })
    case .outputBacklog:
      return .init(
        "kept records wait in the journal, and no receiver takes them fast enough",
        warning: 1_000, words: moreThan)
    case .recordsAbandoned:
      return .init(.critical, "kept events could not be written before the daemon had to end")
    default:
      return .init(
        .critical, "the sums of a run do not agree, which is a fault of the daemon")
    }
  }

  private static func ofDecisions(_ name: AlarmName) -> AlarmDeclaration {
    switch name {
    case .flood:
      .init(.critical, "more events fire than the cap allows, and only a part of them is kept")
    case .flaggedRateOff:
      .init(
        "a working point fires more or less often than its target, beyond chance, or the drift check "
          + "`flagged_rate` says so", warning: rateTolerance,
        words: { "by more than a factor of \(decimal($0))" })
    case .drift:
      .init(
        .warning, "a drift check is out of bounds: the stream is not the calibration's background")
    default:
      .init(.warning, "audited events fire by their exact score and would not by the screen's")
    }
  }

  /// The rate of a working point may be off its target by this factor.
  package static let rateTolerance = 1.25
  /// The probability that the test of a working point's rate ever raises a false alarm, from the time
  /// when its threshold comes into force.
  package static let rateFalseAlarmProbability = 1e-3

  /// With fewer free bytes than this the disk counts as full within two hours, whatever its pace.
  package static let leastFreeByteCount: UInt64 = 1_000_000_000
}

private func moreThan(_ limit: Double) -> String { "more than \(grouped(UInt64(limit)))" }

private func moreThanShare(_ limit: Double) -> String { "more than \(percentText(limit))" }

private func longerThan(_ limit: Double) -> String { "longer than \(durationText(limit))" }

extension AlarmName {
  /// Its meaning and its limits.
  package var declaration: AlarmDeclaration { AlarmDeclaration.of(self) }

  /// Its line in the table of docs/operating.md.
  package var tableLine: String {
    "| `\(rawValue)` | \(declaration.levelText) | \(declaration.meaning) |"
  }

  /// The first line of its section in the runbook, which a break of lines may cut anywhere.
  package var runbookLine: String {
    let levels = declaration.levels.map { level in
      "*\(level.severity.rawValue)*" + (level.words.map { " (\($0))" } ?? "")
    }
    return "\(levels.joined(separator: ", ")): \(declaration.meaning)."
  }
}
