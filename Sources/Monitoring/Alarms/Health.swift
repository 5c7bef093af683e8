internal import TriggerPipeline

/// A yes, or a no with its reasons.
public struct Verdict: Equatable, Sendable {
  /// Why not; empty for a yes.
  public var reasons: [String]

  /// Creates a verdict.
  public init(reasons: [String]) { self.reasons = reasons }

  /// Whether there is no reason against it.
  public var isGood: Bool { reasons.isEmpty }
}

/// Whether the daemon is alive: the pipeline makes progress or idles soundly.
///
/// Looks at what the threads did, not at a timer: a thread that hangs makes this a no although the
/// thread that answers is well.
public func health(of status: DaemonStatus) -> Verdict {
  if let reason = endReason(status) { return Verdict(reasons: [reason]) }
  if let reason = status.life.stallReason { return Verdict(reasons: [reason]) }
  let stood = status.life.sinceProgressSeconds
  if stood > AlarmLimits.sinceProgressSeconds {
    return Verdict(reasons: ["no progress for \(Int(stood)) s"])
  }
  return Verdict(reasons: [])
}

/// Whether the daemon is armed and connected, so that events sent now will be decided on and kept.
public func readiness(of status: DaemonStatus) -> Verdict {
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
