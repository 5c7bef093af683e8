/// The connections of one direction, and the known states of their handshakes.
///
/// A monitor names a connection's descriptor when it comes and when it goes, but not when its
/// handshake ends. Handshakes are therefore counted: those that have neither succeeded nor failed
/// are open, and belong to connections younger than the longest handshake. A peer that breaks off
/// in a way that the library does not report (bytes that are not ZMTP) shows as a handshake without
/// a young connection.
struct HandshakeLedger {
  private let handshakeMsMax: Int64
  /// When each connection came, by descriptor.
  private var connections: [Int: Int64] = [:]
  /// Handshakes whose end is not known.
  private(set) var unresolved = 0
  /// Connections whose handshake failed and that are not gone yet.
  private var failing = 0

  init(handshakeMsMax: Int64) { self.handshakeMsMax = handshakeMsMax }

  /// Connections that exist.
  var open: Int { connections.count }

  /// Connections that are past their handshake, or fewer.
  var established: Int { max(0, connections.count - unresolved - failing) }

  /// Whether all connections are established.
  var isSettled: Bool { unresolved == 0 && failing == 0 }

  /// A connection came. A descriptor that is known was closed without an event.
  mutating func begin(_ descriptor: Int, nowMs: Int64) {
    connections[descriptor] = nowMs
    unresolved += 1
  }

  /// A handshake succeeded.
  mutating func succeed() { unresolved = max(0, unresolved - 1) }

  /// A handshake failed; its connection goes.
  mutating func fail() {
    unresolved = max(0, unresolved - 1)
    failing += 1
  }

  /// A connection went; false where it is none of these. Where one is about to go it is taken for
  /// that one: the sums are right again when both are gone.
  mutating func end(_ descriptor: Int) -> Bool {
    guard connections.removeValue(forKey: descriptor) != nil else { return false }
    failing = max(0, failing - 1)
    return true
  }

  /// The handshakes that have ended without an event since the last call.
  mutating func takeSilentFailures(nowMs: Int64) -> Int {
    guard unresolved > 0 || failing > 0 else { return 0 }
    let young = connections.values.count { nowMs - $0 <= handshakeMsMax }
    let silent = max(0, unresolved - young)
    unresolved -= silent
    failing = min(failing, young - unresolved)
    return silent
  }
}
