/// Peers that did not get in, for one reason, at one socket.
package struct HandshakeFailure: Equatable, Sendable {
  /// Why a peer did not get in. The raw values are for metrics.
  package enum Reason: String, CaseIterable, Sendable {
    /// A CURVE client whose public key is not allowed.
    case unknownKey = "unknown_key"
    /// As many peers as are allowed are connected.
    case connectionLimit = "connection_limit"
    /// The two ends do not speak the same mechanism: one of them is plain, the other wants CURVE.
    case mechanism
    /// The client takes the server for another one: its server key is wrong.
    case serverKey = "server_key"
    /// Not ZMTP, a version before 3.0, or a command that breaks its rules.
    case malformed
    /// The peer left, or time was up, before the handshake was over.
    case incomplete
    /// A server that we connect to does not let us in.
    case refusedByServer = "refused_by_server"
    /// A socket of a type that does not go with ours, such as a PUB at a PULL input.
    case wrongSocketType = "wrong_socket_type"
    /// The peer's address was cut off a moment ago.
    case penalty
  }

  /// The name that the socket is guarded under.
  package var socket: String
  /// Why.
  package var reason: Reason
  /// How many there were since the last report.
  package var count: Int
  /// The last peer's address where the library tells it, and else the endpoint of ours.
  package var address: String
  /// The public key that the last peer came with, where the reason is `unknownKey`.
  package var key: CurveKey?
}

extension HandshakeFailure.Reason {
  /// The meaning of the value of a monitor's `handshakeFailedProtocol`.
  init(protocolError code: Int) {
    switch code {
    case 0x1100_0001: self = .serverKey
    case 0x1100_0002: self = .mechanism
    case 0x1000_0018: self = .wrongSocketType
    default: self = .malformed
    }
  }
}
