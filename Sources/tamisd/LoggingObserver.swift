internal import CurveSecurity
internal import EventRecords
internal import Logging
internal import Monitoring
internal import RateControl
internal import ServiceNotify
internal import TriggerPipeline
internal import ZeroMQ

/// Writes what the pipeline tells into the log.
struct LoggingObserver: PipelineObserver {
  private let logger: Logger

  init(_ logger: Logger) { self.logger = logger }

  func ledgerClosed(_ report: RunLedgerReport) {
    var sums: Logger.Metadata = [
      "run": "\(report.run)", "source": "\(report.source)", "by": "\(report.closing.rawValue)",
      "expected": "\(report.expected)", "received": "\(report.received)",
      "lost": "\(report.lost)", "events": "\(report.events)", "scored": "\(report.scored)",
      "not_finite": "\(report.notFinite)", "repeated": "\(report.repeated)",
      "shed": "\(report.shed)", "flagged": "\(report.flagged)",
      "unbiased": "\(report.unbiased)",
    ]
    for (reason, count) in report.abandoned.byName { sums["abandoned_\(reason)"] = "\(count)" }
    if report.isBalanced {
      logger.info("ledger closed", metadata: sums)
    } else {
      logger.tell(
        of: .ledgerFault, "ledger does not balance: a fault of this daemon", metadata: sums)
    }
  }

  func ledgerResumed(run: UInt32, source: UInt32, decided: UInt64) {
    logger.notice(
      "resuming a run that an earlier process left open",
      metadata: ["run": "\(run)", "source": "\(source)", "decided": "\(decided)"])
  }

  func recordsRefused(_ report: RefusalReport) {
    var counts: Logger.Metadata = [
      "run": "\(report.run.map(String.init) ?? "unknown")",
      "source": "\(report.source.map(String.init) ?? "unknown")",
    ]
    for each in report.refused { counts[each.reason.rawValue] = "\(each.count)" }
    logger.warning("records refused", metadata: counts)
  }

  func floodChanged(prescale: UInt32) {
    if prescale == 1 {
      logger.notice("the flood is over, all flagged events are kept again")
    } else {
      logger.tell(
        of: .flood,
        """
        flood: more events are flagged than flood.flagged_rate_max, a weighted sample is kept; \
        look for a noisy channel or a threshold that is too low
        """,
        metadata: ["prescale": "\(prescale)"])
    }
  }

  func rateControlChanged(hold: HoldReason) {
    if hold == .none {
      logger.notice("rate control moves the thresholds again")
    } else {
      logger.notice("rate control holds the thresholds", metadata: ["reason": "\(hold.name)"])
    }
  }

  func journalStalled(_ reason: String) {
    logger.tell(
      of: .journalStalled, "the journal cannot be written, trying again",
      metadata: ["reason": "\(reason)"])
  }

  func journalRecovered() { logger.notice("the journal is written again") }

  func journalWarned(_ text: String) { logger.warning("journal: \(text)") }

  func socketFailed(_ reason: String) {
    logger.error("socket", metadata: ["reason": "\(reason)"])
  }

  func connectionCut(_ cut: ConnectionCut) {
    logger.tell(
      of: .connectionsCut, "\(cut.sentence)",
      metadata: [
        "socket": "\(cut.socket)", "reason": "\(cut.reason.rawValue)", "count": "\(cut.count)",
      ])
  }

  func recordsRepeat(from number: UInt64, count: UInt64) {
    logger.notice(
      "records that a receiver may not have got are sent again",
      metadata: ["after": "\(number)", "records": "\(count)"])
  }

  func handshakeFailed(_ failure: HandshakeFailure) {
    logger.tell(
      of: .handshakesFailed, "\(failure.sentence)",
      metadata: [
        "socket": "\(failure.socket)", "reason": "\(failure.reason.rawValue)",
        "count": "\(failure.count)",
      ])
  }
}

extension Logger {
  /// A service manager that cannot be told is worth a line; the stream goes on.
  func note(_ failure: NotifyFailure?) {
    if let failure { warning("\(failure)") }
  }

  /// An alarm has begun, grown graver or ended.
  func note(_ change: AlarmChange) {
    guard let condition = change.condition else {
      notice("alarm is over", metadata: ["name": "\(change.name.rawValue)"])
      return
    }
    log(
      level: condition.severity.logLevel,
      "alarm: \(condition.sentence)",
      metadata: [
        "name": "\(change.name.rawValue)", "severity": "\(condition.severity.rawValue)",
      ])
  }
}
