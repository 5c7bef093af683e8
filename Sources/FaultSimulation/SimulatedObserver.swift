internal import TriggerPipeline

/// Keeps the reports of the daemon.
final class SimulatedObserver: PipelineObserver, @unchecked Sendable {
  // Unchecked: used by the simulation's one thread.
  /// Ledgers that did not balance.
  private(set) var unbalanced: [String] = []
  private(set) var lines: [String] = []

  func ledgerClosed(_ report: RunLedgerReport) {
    if !report.isBalanced { unbalanced.append("\(report)") }
  }
  func ledgerResumed(run: UInt32, source: UInt32, decided: UInt64) {}
  func floodChanged(prescale: UInt32) {}
  func journalStalled(_ reason: String) { note("stalled: \(reason)") }
  func journalRecovered() { note("recovered") }
  func journalWarned(_ text: String) { note("warned: \(text)") }
  func socketFailed(_ reason: String) { note("socket: \(reason)") }

  private func note(_ line: String) {
    lines.append(line)
    if lines.count > 8 { lines.removeFirst() }
  }
}
