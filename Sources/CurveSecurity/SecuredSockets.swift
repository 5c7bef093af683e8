internal import DurableFiles
internal import Synchronization
package import ZeroMQ

/// The sockets of a program, opened under one `SocketSecurity` and guarded by one `ZAPHandler`.
///
/// Make it before the first socket of `context` is opened, open all sockets through it, and let a
/// thread do `run()`.
package final class SecuredSockets: Sendable {
  private let gatekeeper: ZAPHandler
  private let security: SocketSecurity
  private let clients: Mutex<[CurveKey: String]>
  private let opened = Mutex<[ConnectionCounts]>([])

  /// Begins to guard `context`. `report` receives peers that could not connect, on the thread of
  /// `run()` and rarely (see `ZAPHandler`).
  package init(
    _ context: Context, _ security: SocketSecurity,
    report: @escaping @Sendable (HandshakeFailure) -> Void = { _ in },
    reportCut: @escaping @Sendable (ConnectionCut) -> Void = { _ in }
  ) throws(ZeroMQError) {
    self.security = security
    clients = Mutex(security.clients)
    gatekeeper = try ZAPHandler(context, report: report, reportCut: reportCut)
  }

  /// Protects `socket`, which has its other options, and binds and connects it: as a CURVE server
  /// where it binds, as a client where it connects, or plain where there are no keys. Call it before
  /// `run()`.
  ///
  /// - Parameters:
  ///   - name: `input`, `output`: the name in counts and reports, one for each socket.
  ///   - limits: what its peers may send.
  ///   - pressure: how sending goes, where one receiver must not delay the others.
  /// - Returns: where the socket is bound, wildcard ports resolved.
  /// - Throws: `ZeroMQError`, or `FileFault` where the key of a server is missing.
  package func open(
    _ socket: Socket, as name: String, bind: [String], connect: [String],
    limits: PeerLimits = .none, pressure: ReceiverPressure? = nil
  ) throws -> [String] {
    let policy = AdmissionPolicy(
      mechanism: security.keys == nil ? .plain : .curve(allowed: clients.withLock { $0 }),
      connectionCountMax: security.connectionCountMax,
      handshakeTimeoutMs: security.handshakeTimeoutMs,
      handshakeCountMax: security.handshakeCountMax)
    try socket.set(Self.peerOptions)
    // Options apply to connections and bindings that are made after them: one socket may be the
    // client of several servers, and a server as well.
    let counts = try gatekeeper.guardSocket(
      socket, as: name, policy, limits: limits, pressure: pressure
    ) {
      for address in connect {
        if let keys = security.keys {
          try socket.set(.curveClient(serverKey: try serverKey(of: address), keys: keys))
        }
        try socket.connect(address)
      }
    }
    opened.withLock { $0.append(counts) }
    if let keys = security.keys { try socket.set(.curveServer(secretKey: keys.secretKey)) }
    return try bind.map { address in
      try socket.bind(address)
      return try socket.lastEndpoint()
    }
  }

  /// A peer whose machine is gone is noticed within a minute, also by a socket that only receives.
  /// The kernel's probes do that for peers of every version; heartbeats of ZMTP would need 3.1.
  private static let peerOptions: [SocketOption] = [
    .listenBacklog(1_024), .tcpKeepalive(true), .tcpKeepaliveIdleS(30), .tcpKeepaliveIntervalS(10),
    .tcpKeepaliveCount(3),
  ]

  private func serverKey(of address: String) throws(FileFault) -> CurveKey {
    if let key = security.servers[address] { return key }
    throw FileFault(
      file: address, found: "no server key for it", expected: "one, since sockets speak CURVE",
      remedy: "add the server's public key to the list of servers")
  }

  /// Whether peers need keys, without which they are plain.
  package var hasKeys: Bool { security.keys != nil }

  /// The counts of connections of each socket, in the order of opening.
  package var counts: [ConnectionCounts] { opened.withLock { $0 } }

  /// Answers peers until `stop()`. Blocks its thread; call it once.
  package func run() throws(ZeroMQError) { try gatekeeper.run() }

  /// Lets `run()` return. Any thread may call it.
  package func stop() { gatekeeper.stop() }

  /// Reads the list of clients again. From now on the clients on it may connect. Connected clients
  /// stay connected, whether they are on it or not. Any thread may call it.
  ///
  /// - Returns: what has changed; nil where there is no list.
  /// - Throws: `FileFault` or `SystemCallError` where the list is wrong; the old one then stays.
  package func reloadClients() throws -> ClientListChange? {
    guard security.keys != nil, let file = security.clientsFile else { return nil }
    let fresh = try file.readClients()
    return clients.withLock { current in
      let change = ClientListChange(
        count: fresh.count, added: fresh.keys.count { current[$0] == nil },
        removed: current.keys.count { fresh[$0] == nil })
      current = fresh
      gatekeeper.allow(fresh)
      return change
    }
  }
}

/// The changes of the list of clients when it was read again.
package struct ClientListChange: Equatable, Sendable {
  /// Clients on the list now.
  package var count: Int
  /// Clients on the list now that were not on it before.
  package var added: Int
  /// Clients that were on the list and are no longer.
  package var removed: Int
}
