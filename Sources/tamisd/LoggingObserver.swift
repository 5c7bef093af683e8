internal import Logging
internal import TriggerPipeline

/// Writes what the pipeline tells into the log.
struct LoggingObserver: PipelineObserver {
  private let logger: Logger

  init(_ logger: Logger) { self.logger = logger }

  func ledgerClosed(_ report: RunLedgerReport) {
    let sums: Logger.Metadata = [
      "run": "\(report.run)", "source": "\(report.source)", "by": "\(report.closing.rawValue)",
      "expected": "\(report.expected)", "received": "\(report.received)",
      "lost": "\(report.lost)", "events": "\(report.events)", "scored": "\(report.scored)",
      "not_finite": "\(report.notFinite)", "repeated": "\(report.repeated)",
      "shed": "\(report.shed)", "flagged": "\(report.flagged)",
      "unbiased": "\(report.unbiased)",
    ]
    if report.isBalanced {
      logger.info("ledger closed", metadata: sums)
    } else {
      logger.error("ledger does not balance: a fault of this daemon", metadata: sums)
    }
  }

  func journalStalled(_ reason: String) {
    logger.error("the journal cannot be written, trying on", metadata: ["reason": "\(reason)"])
  }

  func journalRecovered() { logger.notice("the journal is written again") }

  func journalWarned(_ text: String) { logger.warning("journal: \(text)") }

  func socketFailed(_ reason: String) {
    logger.error("socket", metadata: ["reason": "\(reason)"])
  }
}
