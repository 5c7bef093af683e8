internal import CurveSecurity
internal import DaemonConfiguration
internal import Glibc
internal import TriggerPipeline

/// How many file descriptors the daemon needs for what its configuration allows, and how many it
/// has.
///
/// The process raises its own limit where it may. Descriptors above the need go to peers that shake
/// hands, which take one before they have shown who they are.
struct DescriptorNeed {
  /// The reason that keeps the daemon from starting; nil where there are enough.
  let fault: String?
  /// Peers that may shake hands with a bound socket at a time.
  let handshakeCountMax: Int

  /// Event loops, the library's own, journal, log, and the files of a reload; 33 were counted.
  private static let ownCount = 64
  /// Connections to the HTTP endpoint, and those that wait to be refused.
  private static let httpCount = 80
  /// Two ends, and an address that is tried again.
  private static let connectCount = 2
  private static let handshakeCountMin = 32
  private static let handshakeCountMost = 512

  init(_ configuration: DaemonConfiguration) {
    let pipeline = configuration.pipeline
    let peerCountMax = pipeline.security.connectionCountMax
    let sockets = [pipeline.inputBind, pipeline.outputBind, pipeline.catchUp.bind]
      .count { !$0.isEmpty }
    let http = configuration.http.listen == nil ? 0 : Self.httpCount
    let least =
      Self.ownCount + http + pipeline.allConnects.count * Self.connectCount
      + sockets * (peerCountMax + Self.handshakeCountMin)
    let most = least + sockets * (Self.handshakeCountMost - Self.handshakeCountMin)
    let limit = Self.raisedLimit(to: most)
    fault =
      limit >= least
      ? nil
      : "found a limit of \(limit) open files, expected at least \(least) for "
        + "security.connections_max: \(peerCountMax) at each of "
        + "\(sockets) sockets; raise it (ulimit -n, LimitNOFILE in the unit), or set fewer connections"
    handshakeCountMax =
      sockets == 0
      ? Self.handshakeCountMost
      : min(
        Self.handshakeCountMost,
        Self.handshakeCountMin + max(0, limit - least) / sockets)
  }

  /// The limit on open files, raised to `count` where that is allowed.
  private static func raisedLimit(to count: Int) -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return count }
    let wanted = min(rlim_t(count), limit.rlim_max)
    if limit.rlim_cur < wanted {
      var raised = limit
      raised.rlim_cur = wanted
      if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
    }
    return Int(clamping: limit.rlim_cur)
  }
}
