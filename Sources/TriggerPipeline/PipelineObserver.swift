/// Who is told of the rare things that an operator should read about. Called from the pipeline's
/// threads; must not block for long.
public protocol PipelineObserver: Sendable {
  /// A run's ledger was closed. One that is not balanced is a fault of the daemon itself.
  func ledgerClosed(_ report: RunLedgerReport)
  /// The journal cannot be written; the pipeline keeps trying.
  func journalStalled(_ reason: String)
  /// The journal can be written again.
  func journalRecovered()
  /// Something about the journal that an operator should see to, or that has come right again.
  func journalWarned(_ text: String)
  /// A socket failed in a way that is not would-block.
  func socketFailed(_ reason: String)
}

extension PipelineObserver {
  /// Says nothing.
  public func journalWarned(_ text: String) {}
}
