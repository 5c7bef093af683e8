internal import Logging
internal import Monitoring

extension Logger {
  /// Writes a line that tells of what an alarm is about. It is as grave as the alarm is declared to be, and
  /// so is every line of that matter: page, rules, runbook and log agree.
  func tell(
    of alarm: AlarmName, _ message: Logger.Message, metadata: Logger.Metadata? = nil
  ) {
    log(level: alarm.declaration.gravest.logLevel, message, metadata: metadata)
  }
}

extension AlarmSeverity {
  /// The level at which the log has it.
  var logLevel: Logger.Level { self == .critical ? .error : .warning }
}
