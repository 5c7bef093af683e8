/// Keeps account of a socket's connections from what its monitor tells.
///
/// The monitor names a connection's descriptor when it comes and when it goes, but not when its
/// handshake ends. So handshakes are counted: those that came and have neither succeeded nor failed
/// are open, and belong to connections younger than the longest handshake. A peer that breaks off in
/// a way that the library does not report (bytes that are not ZMTP) shows as a handshake without a
/// young connection.
package struct ConnectionAccount {
  private let handshakeMsMax: Int64
  /// When each connection that came to us was accepted, by descriptor.
  private var incoming: [Int: Int64] = [:]
  /// Descriptors of connections that we made.
  private var outgoing: Set<Int> = []
  /// Handshakes of incoming connections whose end is not known.
  package private(set) var unresolved = 0
  /// Incoming connections whose handshake failed and that are not gone yet.
  private var failing = 0
  /// When peers were let in whose handshake is not over, oldest first.
  private var admissions: [Int64] = []

  /// The library closes a connection whose handshake takes longer than `handshakeTimeoutMs`; a second
  /// more is for its thread to come to it.
  package init(handshakeTimeoutMs: Int) { handshakeMsMax = Int64(handshakeTimeoutMs) + 1_000 }

  /// Connections that exist.
  package var open: Int { incoming.count + outgoing.count }

  /// Incoming connections that are past their handshake.
  package var established: Int { max(0, incoming.count - unresolved - failing) }

  /// Those, and the peers that were let in and are about to be.
  package func taken(nowMs: Int64) -> Int {
    established + admissions.count { nowMs - $0 <= handshakeMsMax }
  }

  /// A peer came to us. A descriptor that is known was closed without a word.
  package mutating func accept(_ descriptor: Int, nowMs: Int64) {
    incoming[descriptor] = nowMs
    unresolved += 1
  }

  /// We connected to a peer.
  package mutating func connect(_ descriptor: Int) { outgoing.insert(descriptor) }

  /// An incoming peer was let in; its handshake goes on.
  package mutating func admit(nowMs: Int64) {
    admissions.removeAll { nowMs - $0 > handshakeMsMax }
    admissions.append(nowMs)
  }

  /// The handshake of an incoming connection succeeded.
  package mutating func succeed() {
    resolve()
    if !admissions.isEmpty { admissions.removeFirst() }
  }

  /// The handshake of an incoming connection failed; the connection goes.
  package mutating func fail() {
    resolve()
    failing += 1
  }

  /// A connection went. Where one is about to it is taken for that one: the sums are right again
  /// when both are gone.
  package mutating func disconnect(_ descriptor: Int) {
    if incoming.removeValue(forKey: descriptor) == nil {
      outgoing.remove(descriptor)
    } else {
      failing = max(0, failing - 1)
    }
  }

  /// The handshakes that have ended without a word since the last call.
  package mutating func takeSilentFailures(nowMs: Int64) -> Int {
    guard unresolved > 0 || failing > 0 else { return 0 }
    let young = incoming.values.count { nowMs - $0 <= handshakeMsMax }
    let silent = max(0, unresolved - young)
    unresolved -= silent
    failing = min(failing, young - unresolved)
    return silent
  }

  private mutating func resolve() { unresolved = max(0, unresolved - 1) }
}
