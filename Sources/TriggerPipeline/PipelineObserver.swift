package import RateControl
package import ZeroMQ

/// Receives the rare events that an operator should read about. Called from the pipeline's threads;
/// must not block for long.
package protocol PipelineObserver: Sendable {
  /// A run's ledger was closed. One that is not balanced is a fault of the daemon itself.
  func ledgerClosed(_ report: RunLedgerReport)
  /// The run is resumed: an earlier process has left it open, and `decided` of its records were
  /// decided before.
  func ledgerResumed(run: UInt32, source: UInt32, decided: UInt64)
  /// Records were refused: the first of a run within a second, and then at most every ten seconds.
  func recordsRefused(_ report: RefusalReport)
  /// More events are flagged than the cap allows: one in `prescale` is kept. 1: the flood is over.
  func floodChanged(prescale: UInt32)
  /// Rate control holds the thresholds for a reason, or moves them again.
  func rateControlChanged(hold: HoldReason)
  /// The journal cannot be written; the pipeline keeps trying.
  func journalStalled(_ reason: String)
  /// The journal can be written again.
  func journalRecovered()
  /// A condition of the journal that needs an operator, or the end of one.
  func journalWarned(_ text: String)
  /// A socket failed in a way that is not would-block.
  func socketFailed(_ reason: String)
  /// Peers could not connect. Reported for the first one of each reason at each socket, and then at
  /// most once a minute, with their number.
  func handshakeFailed(_ failure: HandshakeFailure)
  /// Peers were cut off because they took more than their share. Reported as often as failed
  /// handshakes.
  func connectionCut(_ cut: ConnectionCut)
  /// A receiver or the daemon has gone: records after this number are sent again.
  func recordsRepeat(from number: UInt64, count: UInt64)
}

extension PipelineObserver {
  /// Says nothing.
  package func handshakeFailed(_ failure: HandshakeFailure) {}

  /// Says nothing.
  package func rateControlChanged(hold: HoldReason) {}

  /// Says nothing.
  package func recordsRefused(_ report: RefusalReport) {}

  /// Says nothing.
  package func connectionCut(_ cut: ConnectionCut) {}

  /// Says nothing.
  package func recordsRepeat(from number: UInt64, count: UInt64) {}

  /// Says nothing.
  package func journalWarned(_ text: String) {}
}
