internal import TriggerPipeline

/// A yes, or a no with its reasons.
package struct Verdict: Equatable, Sendable {
  /// Why not; empty for a yes.
  package var reasons: [String]

  /// Creates a verdict.
  package init(reasons: [String]) { self.reasons = reasons }

  /// Whether there is no reason against it.
  package var isGood: Bool { reasons.isEmpty }
}

/// Whether the daemon is alive: the pipeline makes progress or idles soundly.
///
/// It looks at the progress of the threads: when one of them hangs the answer is no, although the
/// thread that answers works.
package func health(of status: DaemonStatus) -> Verdict {
  if let reason = endReason(status) { return Verdict(reasons: [reason]) }
  if let reason = status.life.stallReason { return Verdict(reasons: [reason]) }
  let stood = status.life.sinceProgressSeconds
  if AlarmName.pipelineStuck.declaration.severity(of: stood) != nil {
    return Verdict(reasons: ["no progress for \(Int(stood)) s"])
  }
  return Verdict(reasons: [])
}

/// Whether events that come now are decided and kept: the daemon is healthy, its sockets are
/// connected, and the journal's disk has room.
package func readiness(of status: DaemonStatus) -> Verdict {
  var reasons = health(of: status).reasons
  for socket in status.connections?.sockets ?? [] where socket.needsOne && socket.established == 0 {
    reasons.append("the \(socket.name) socket is connected to nobody")
  }
  if status.journal.storage?.freeBytes == 0 { reasons.append("the journal's disk is full") }
  return Verdict(reasons: reasons)
}

private func endReason(_ status: DaemonStatus) -> String? {
  switch status.life.phase {
  case .running: nil
  case .draining: "draining"
  case .ended: "ended"
  }
}
