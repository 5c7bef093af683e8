/// The peers that may connect to a socket.
package struct AdmissionPolicy: Equatable, Sendable {
  /// The credentials that a peer must show.
  package enum Mechanism: Equatable, Sendable {
    /// Nothing: everybody may come, as many as the limit lets.
    case plain
    /// One of these public keys; each has a name, which is the peer's user id.
    case curve(allowed: [CurveKey: String])
  }

  /// The credentials that a peer must show.
  package var mechanism: Mechanism
  /// Peers that may be connected at a time, those that we connect to not counted.
  package var connectionCountMax: Int
  /// The socket's `handshakeTimeoutMs`.
  package var handshakeTimeoutMs: Int

  /// Peers that may shake hands at a time; beyond, those go that have been at it longest.
  package var handshakeCountMax: Int
  /// Where all places are taken, a peer that was idle for at least this time gives its place to one that
  /// comes.
  package var idleMsMin: Int

  /// Creates a policy.
  package init(
    mechanism: Mechanism, connectionCountMax: Int, handshakeTimeoutMs: Int,
    handshakeCountMax: Int = 512, idleMsMin: Int = 10_000
  ) {
    precondition(connectionCountMax >= 1 && handshakeTimeoutMs >= 1 && handshakeCountMax >= 1)
    self.handshakeCountMax = handshakeCountMax
    self.idleMsMin = idleMsMin
    self.mechanism = mechanism
    self.connectionCountMax = connectionCountMax
    self.handshakeTimeoutMs = handshakeTimeoutMs
  }

  /// Judges a peer by what it showed: its user id, or why it does not get in. The limit comes last,
  /// so that a stranger does not learn how busy the socket is.
  func judge(
    _ credentials: AdmissionRequest.Credentials, taken: Int
  ) -> Result<String, Refusal> {
    let user: String
    switch (mechanism, credentials) {
    case (.plain, .null): user = ""
    case (.curve(let allowed), .curve(let key)):
      guard let name = allowed[key] else {
        return .failure(Refusal(reason: .unknownKey, key: key))
      }
      user = name
    default: return .failure(Refusal(reason: .mechanism))
    }
    guard taken < connectionCountMax else { return .failure(Refusal(reason: .connectionLimit)) }
    return .success(user)
  }

  /// Why a peer does not get in.
  struct Refusal: Error {
    var reason: HandshakeFailure.Reason
    var key: CurveKey?
  }
}
