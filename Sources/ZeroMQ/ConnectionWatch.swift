internal import CZeroMQ

/// Follows the connections of one socket through its monitor. One thread owns it.
final class ConnectionWatch {
  let counts: ConnectionCounts
  let monitor: SocketMonitor
  private var account: ConnectionAccount
  /// Where the socket listens; other endpoints in events are those it connects to.
  private var listening: Set<String> = []
  private let guardian: ConnectionGuard
  private let handshakeCountMax: Int
  private let idleMsMin: Int64
  private let isPlain: Bool
  /// Incoming handshakes that have ended without an event and are not reported yet.
  private var silentCount = 0
  /// Whether events were left over at the last look: their connections may have been let in meanwhile.
  private var isBehind = false
  /// The server last connected to.
  private var lastServer = ""

  /// Events taken at a time, so that a flood of connections does not keep requests waiting.
  private static let eventsMax = 1_000

  init(
    _ socket: Socket, named name: String, _ policy: AdmissionPolicy, guardian: ConnectionGuard
  ) throws(ZeroMQError) {
    self.guardian = guardian
    handshakeCountMax = policy.handshakeCountMax
    idleMsMin = Int64(policy.idleMsMin)
    isPlain = policy.mechanism == .plain
    counts = ConnectionCounts(socket: name)
    account = ConnectionAccount(handshakeTimeoutMs: policy.handshakeTimeoutMs)
    monitor = try SocketMonitor(
      socket,
      kinds: [
        .listening, .closed, .accepted, .connected, .disconnected, .handshakeSucceeded,
        .handshakeFailed, .handshakeFailedProtocol, .handshakeFailedAuthentication,
      ])
  }

  /// Whether a handshake may have ended without an event.
  var isUncertain: Bool { account.isUncertain }

  /// Incoming peers that are connected or about to be.
  func taken(nowMs: Int64) -> Int { account.taken(nowMs: nowMs) }

  /// Notes that a peer was let in.
  func admit(nowMs: Int64) { account.admit(nowMs: nowMs) }

  /// Notes that a peer which had gone by then would have been let in.
  func admitLate(nowMs: Int64) { account.admitLate(nowMs: nowMs) }

  /// Cuts off the peer that has been idle longest, so that another has its place; nil where none has
  /// been idle for long.
  func makeRoom(nowMs: Int64) -> ConnectionCut? {
    let ageMs = max(idleMsMin, account.handshakeMsMax)
    guard let address = guardian.makeRoom(idleMs: idleMsMin, ageMs: ageMs, nowMs: nowMs)
    else { return nil }
    counts.add(.idle)
    return ConnectionCut(socket: counts.socket, reason: .idle, count: 1, address: address)
  }

  /// How soon `look` is due.
  var periodMs: Int {
    let periodMs = guardian.periodMs
    return account.shakingHands > 0 ? min(5, periodMs) : periodMs
  }

  /// Looks at the bytes of those that still shake hands. `report` receives each that was cut off.
  func lookAtHandshakes(isAnswering: Bool, nowMs: Int64, report: (ConnectionCut) -> Void) {
    guard account.shakingHands > 0 else { return }
    guardian.lookAtHandshakes(isPlain: isPlain, isAnswering: isAnswering, nowMs: nowMs) {
      note($0, of: $1, report)
    }
  }

  private func note(_ reason: CutReason, of address: String, _ report: (ConnectionCut) -> Void) {
    counts.add(reason)
    report(ConnectionCut(socket: counts.socket, reason: reason, count: 1, address: address))
  }

  /// Looks at the bytes and the memory of the connections. `report` receives each that was cut off.
  func look(nowMs: Int64, report: (ConnectionCut) -> Void) {
    let surplus = account.shakingHands - handshakeCountMax
    if surplus > 0 { guardian.endHandshakes(surplus, isPlain: isPlain) }
    guardian.look(nowMs: nowMs, established: account.established) { note($0, of: $1, report) }
  }

  /// Reports the incoming handshakes that have ended without an event, after the requests about
  /// their peers have been answered. An admitted peer has greeted as a ZMTP 3 peer. When the
  /// library then refuses it without an event, its socket is of the wrong type.
  func reportSilent(_ report: (HandshakeFailure) -> Void) {
    guard silentCount > 0 else { return }
    let admitted = account.takeAdmissions(upTo: silentCount)
    let ours = listening.sorted().joined(separator: " ")
    for (reason, count) in [
      (HandshakeFailure.Reason.wrongSocketType, admitted), (.malformed, silentCount - admitted),
    ] where count > 0 {
      report(HandshakeFailure(socket: counts.socket, reason: reason, count: count, address: ours))
    }
    silentCount = 0
  }

  /// Takes the monitor's events. `report` receives each failure that is counted nowhere else.
  func take(nowMs: Int64, report: (HandshakeFailure) -> Void) throws(ZeroMQError) {
    func fail(_ reason: HandshakeFailure.Reason, at endpoint: String, count: Int = 1) {
      report(
        HandshakeFailure(
          socket: counts.socket, reason: reason, count: count, address: endpoint))
    }
    var hasChanged = account.isUncertain
    var expected = account.established
    let wasBehind = isBehind
    isBehind = true
    for _ in 0..<Self.eventsMax {
      guard let event = try monitor.next() else {
        isBehind = false
        break
      }
      hasChanged = true
      let isIncoming = listening.contains(event.endpoint)
      switch event.kind {
      case .listening: listening.insert(event.endpoint)
      case .closed where isIncoming:
        // Who stops listening at one address does so at all of them.
        account.endIncoming()
        guardian.endIncoming()
        expected = account.established
      case .accepted:
        account.accept(event.value, nowMs: nowMs)
        guardian.begin(event.value, isIncoming: true, isNew: !wasBehind, nowMs: nowMs)
      case .connected:
        account.connect(event.value, nowMs: nowMs)
        guardian.begin(event.value, isIncoming: false, isNew: false, nowMs: nowMs)
        lastServer = event.endpoint
      case .disconnected:
        account.disconnect(event.value)
        if guardian.end(event.value) { expected -= 1 }
      case .handshakeSucceeded:
        counts.addAccepted()
        expected += 1
        account.succeed(isIncoming: isIncoming)
      case .handshakeFailed:
        // A plain peer that was let in and goes before it has told its type has read ours, which
        // does not go with its own. With CURVE the peer tells its type first.
        let hasReadOurType =
          isPlain && isIncoming && account.hasAdmittedLately(nowMs: nowMs)
        account.fail(isIncoming: isIncoming)
        fail(hasReadOurType ? .wrongSocketType : .incomplete, at: event.endpoint)
      case .handshakeFailedProtocol:
        // After its handshake a peer has no key or mechanism left to be wrong about.
        let isLater = isIncoming && account.shakingHands == 0
        account.fail(isIncoming: isIncoming)
        fail(
          isLater ? .malformed : HandshakeFailure.Reason(protocolError: event.value),
          at: event.endpoint)
      case .handshakeFailedAuthentication:
        // Peers that came to us were counted when they were refused.
        account.fail(isIncoming: isIncoming)
        if !isIncoming { fail(.refusedByServer, at: event.endpoint) }
      default: break
      }
    }
    guard hasChanged else { return }
    let silent = account.takeSilentFailures(nowMs: nowMs)
    silentCount += silent.incoming
    if silent.outgoing > 0 { fail(.malformed, at: lastServer, count: silent.outgoing) }
    if account.established < expected { guardian.noteDeparture() }
    if account.isSettled { guardian.noteSettled() }
    counts.set(open: account.open, established: account.established)
  }
}
