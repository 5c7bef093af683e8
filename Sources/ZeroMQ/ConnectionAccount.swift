/// Keeps account of a socket's connections, incoming and outgoing, from the events of its monitor.
package struct ConnectionAccount {
  /// After this time a peer is let in, or has gone.
  let handshakeMsMax: Int64
  /// An admission that is younger belongs to a handshake that has not run out of time.
  private let youngMs: Int64
  private var incoming: HandshakeLedger
  private var outgoing: HandshakeLedger
  /// The times at which peers were admitted whose handshake is not over, oldest first.
  private var admissions: [Int64] = []
  /// The times at which peers would have been admitted that had gone by then, oldest first.
  private var lateAdmissions: [Int64] = []

  /// The library closes a connection whose handshake takes longer than `handshakeTimeoutMs`; a second
  /// more is for its thread to come to it.
  package init(handshakeTimeoutMs: Int) {
    handshakeMsMax = Int64(handshakeTimeoutMs) + 1_000
    youngMs = Int64(handshakeTimeoutMs) / 2
    incoming = HandshakeLedger(handshakeMsMax: handshakeMsMax)
    outgoing = HandshakeLedger(handshakeMsMax: handshakeMsMax)
  }

  /// Connections that exist.
  package var open: Int { incoming.open + outgoing.open }

  /// Connections that are past their handshake.
  package var established: Int { incoming.established + outgoing.established }

  /// Peers that came and still shake hands.
  package var shakingHands: Int { incoming.unresolved }

  /// Whether a handshake may end without an event of the monitor.
  package var isUncertain: Bool { incoming.unresolved + outgoing.unresolved > 0 }

  /// Whether of each connection it is known that it is past its handshake.
  var isSettled: Bool { incoming.isSettled && outgoing.isSettled }

  /// Incoming peers that are connected, and those that were admitted and are about to be.
  package func taken(nowMs: Int64) -> Int {
    incoming.established + admissions.count { nowMs - $0 <= handshakeMsMax }
  }

  /// A peer came to us.
  package mutating func accept(_ descriptor: Int, nowMs: Int64) {
    incoming.begin(descriptor, nowMs: nowMs)
  }

  /// We connected to a peer.
  package mutating func connect(_ descriptor: Int, nowMs: Int64) {
    outgoing.begin(descriptor, nowMs: nowMs)
  }

  /// An incoming peer was admitted; its handshake continues.
  package mutating func admit(nowMs: Int64) {
    admissions.removeAll { nowMs - $0 > handshakeMsMax }
    admissions.append(nowMs)
  }

  /// An incoming peer would have been admitted, but its connection has gone. It takes no place.
  package mutating func admitLate(nowMs: Int64) {
    lateAdmissions.removeAll { nowMs - $0 > handshakeMsMax }
    lateAdmissions.append(nowMs)
  }

  /// Whether an incoming peer that still shakes hands was admitted so short a time ago that its
  /// handshake cannot have run out of time.
  package func hasAdmittedLately(nowMs: Int64) -> Bool {
    admissions.last.map { nowMs - $0 < youngMs } ?? false
  }

  /// A handshake succeeded.
  package mutating func succeed(isIncoming: Bool) {
    if !isIncoming { return outgoing.succeed() }
    incoming.succeed()
    if !admissions.isEmpty { admissions.removeFirst() }
  }

  /// A handshake failed; the connection goes.
  package mutating func fail(isIncoming: Bool) {
    if !isIncoming { return outgoing.fail() }
    incoming.fail()
    // An admitted peer that has left takes no place. The event does not say whether it was this one,
    // but no more peers can be about to come than still shake hands.
    let surplus = admissions.count + lateAdmissions.count - incoming.unresolved
    guard surplus > 0 else { return }
    let late = min(surplus, lateAdmissions.count)
    lateAdmissions.removeFirst(late)
    admissions.removeFirst(surplus - late)
  }

  /// A connection went.
  package mutating func disconnect(_ descriptor: Int) {
    if !incoming.end(descriptor) { _ = outgoing.end(descriptor) }
  }

  /// All that came to us have gone: the library tells of none when its owner stops listening.
  package mutating func endIncoming() {
    incoming = HandshakeLedger(handshakeMsMax: handshakeMsMax)
    admissions = []
    lateAdmissions = []
  }

  /// The handshakes that have ended without an event since the last call.
  package mutating func takeSilentFailures(nowMs: Int64) -> (incoming: Int, outgoing: Int) {
    (incoming.takeSilentFailures(nowMs: nowMs), outgoing.takeSilentFailures(nowMs: nowMs))
  }

  /// How many of `count` incoming handshakes that have ended without an event had got as far as the
  /// admission of their peer. To be called after all requests that came before their end have been
  /// answered.
  package mutating func takeAdmissions(upTo count: Int) -> Int {
    let late = min(count, lateAdmissions.count)
    lateAdmissions.removeFirst(late)
    let admitted = min(count - late, admissions.count)
    admissions.removeFirst(admitted)
    return late + admitted
  }
}
