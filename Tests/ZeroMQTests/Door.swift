internal import Glibc
internal import Synchronization
internal import ZeroMQ

/// A guarded PULL socket at a loopback port, with the thread of its gatekeeper.
final class Door {
  let context: Context
  let gatekeeper: ZAPHandler
  let server: Socket
  let counts: ConnectionCounts
  let reports = Reports()
  let address: String
  private let thread: pthread_t

  init(
    _ mechanism: AdmissionPolicy.Mechanism, server keys: CurveKeyPair? = nil,
    connectionCountMax: Int = 10, handshakeTimeoutMs: Int = 5_000, handshakeCountMax: Int = 512,
    idleMsMin: Int = 10_000, pressure: ReceiverPressure? = nil, limits: PeerLimits = .none,
    reportIntervalMs: Int = 60_000
  ) throws {
    context = try Context()
    let reports = reports
    let gatekeeper = try ZAPHandler(context, reportIntervalMs: reportIntervalMs) {
      reports.add($0)
    }
    server = try makeSocket(context, .pull, [.receiveTimeoutMs(60_000)])
    counts = try gatekeeper.guardSocket(
      server, as: "door",
      AdmissionPolicy(
        mechanism: mechanism, connectionCountMax: connectionCountMax,
        handshakeTimeoutMs: handshakeTimeoutMs, handshakeCountMax: handshakeCountMax,
        idleMsMin: idleMsMin),
      limits: limits, pressure: pressure)
    if let keys { try server.set(.curveServer(secretKey: keys.secretKey)) }
    try server.bind("tcp://127.0.0.1:*")
    address = try server.lastEndpoint()
    self.gatekeeper = gatekeeper
    thread = startThread { try? gatekeeper.run() }
  }

  deinit {
    gatekeeper.stop()
    pthread_join(thread, nil)
  }

  var port: UInt16 { UInt16(address.split(separator: ":").last ?? "") ?? 0 }

  /// A PUSH socket that queues only for an open door.
  func peer(_ context: Context, _ curve: SocketOption?) throws -> Socket {
    let socket = try makeSocket(
      context, .push, [.immediate(true), .reconnectIntervalMs(20)] + (curve.map { [$0] } ?? []))
    try socket.connect(address)
    return socket
  }

  /// Whether what a new peer sends within `waitMs` arrives.
  func reaches(_ curve: SocketOption?, waitMs: Int = 60_000) throws -> Bool {
    let peer = try peer(try Context(), curve)
    try peer.set(.sendTimeoutMs(waitMs))
    guard try peer.send("hello", blocking: true) else { return false }
    return try receiveText(server) == "hello"
  }

  /// Whether a new peer that stays is counted under `reason`, and does not get in.
  func refuses(_ curve: SocketOption?, as reason: HandshakeFailure.Reason) throws -> Bool {
    let before = counts.figures.failed[reason, default: 0]
    let peer = try peer(try Context(), curve)
    try expect(reason, atLeast: before + 1)
    return try !peer.send("hello")
  }

  /// Waits until `reason` was counted so often.
  func expect(_ reason: HandshakeFailure.Reason, atLeast count: UInt64) throws {
    let counts = counts
    guard
      eventually({ counts.figures.failed[reason, default: 0] >= count ? true : nil }) != nil
    else { throw NotCounted(reason: reason, figures: counts.figures) }
  }

  struct NotCounted: Error {
    let reason: HandshakeFailure.Reason
    let figures: ConnectionCounts.Figures
  }
}

/// What a gatekeeper has reported.
final class Reports: Sendable {
  private let failures = Mutex<[HandshakeFailure]>([])

  var all: [HandshakeFailure] { failures.withLock { $0 } }

  func add(_ failure: HandshakeFailure) { failures.withLock { $0.append(failure) } }
}

/// A TCP connection to a loopback port that says `text` and then nothing; to be closed.
func rawConnection(_ port: UInt16, sending text: String = "") -> CInt {
  rawConnection(port, sending: Array(text.utf8))
}

/// A TCP connection to a loopback port that sends `bytes` and then nothing; to be closed.
func rawConnection(_ port: UInt16, sending bytes: [UInt8]) -> CInt {
  let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  let isConnected = withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
    }
  }
  precondition(isConnected)
  // The other end may have closed it already.
  _ = send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL))
  return descriptor
}
