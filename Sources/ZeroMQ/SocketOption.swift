internal import CZeroMQ

/// A setting of a socket. Most take effect at the next `bind` or `connect` only.
package enum SocketOption: Equatable, Sendable {
  /// Messages queued towards each peer before a send would block (or PUB drops); 0 is no limit.
  case sendHighWaterMark(Int)
  /// Messages queued from each peer; 0 is no limit.
  case receiveHighWaterMark(Int)
  /// The largest message part taken in; a peer that sends a larger one is disconnected. -1 is no
  /// limit.
  case messageByteCountMax(Int)
  /// How long the end of the context waits for unsent messages; -1 without limit.
  case lingerMs(Int)
  /// How long a blocking receive waits; -1 without limit.
  case receiveTimeoutMs(Int)
  /// How long a blocking send waits; -1 without limit.
  case sendTimeoutMs(Int)
  /// The kernel's buffer for outgoing bytes; -1 is the system's default.
  case sendBufferByteCount(Int)
  /// The kernel's buffer for incoming bytes; -1 is the system's default.
  case receiveBufferByteCount(Int)
  /// SUB: takes messages whose first bytes are these, besides those already asked for. Empty is all.
  case subscribe([UInt8])
  /// SUB: takes back one `subscribe`.
  case unsubscribe([UInt8])
  /// PUB and XPUB: a send returns false instead of dropping where a subscriber's queue is full.
  /// A poll says "sendable" all the same: only the send itself tells, so wait a little and repeat.
  case xpubNoDrop(Bool)
  /// XPUB: every subscription and every cancellation arrives as a message.
  case xpubVerboser(Bool)
  /// Queues only to completed connections: a send with nobody there would block.
  case immediate(Bool)
  /// ROUTER: a send to an unknown peer is an error instead of a silent drop.
  case routerMandatory(Bool)
  /// ROUTER: a peer that comes with the identity of one that is connected takes its place. The library
  /// keeps the other one connected and reads from it no more; without this option that is what happens
  /// to the new one.
  case routerHandover(Bool)
  /// Takes IPv6 addresses too.
  case ipv6(Bool)
  /// The first wait before connecting again; -1 never connects again.
  case reconnectIntervalMs(Int)
  /// How long a new connection may take to shake hands; 0 without limit.
  case handshakeTimeoutMs(Int)
  /// Whether the kernel probes idle TCP connections.
  case tcpKeepalive(Bool)
  /// Idle time before the first probe.
  case tcpKeepaliveIdleS(Int)
  /// Time between probes.
  case tcpKeepaliveIntervalS(Int)
  /// Probes without an answer that end a connection.
  case tcpKeepaliveCount(Int)
  /// Connections that may wait to be accepted.
  case listenBacklog(Int)
  /// Asks every peer for CURVE. A ZAP handler decides which peers may connect. Without one, every
  /// peer may that knows the server's public key.
  case curveServer(secretKey: CurveKey)
  /// Speaks CURVE as a client of the server with `serverKey`.
  case curveClient(serverKey: CurveKey, keys: CurveKeyPair)
  /// Has a ZAP handler asked about every peer that connects, under this name of 1 to 255
  /// bytes. Without one it is asked about CURVE peers alone.
  case zapDomain(String)
  /// Whether peers are refused where no ZAP handler answers, instead of let in.
  case zapEnforced(Bool)
}

extension Socket {
  /// Applies `options` in order; the first one refused throws, naming it.
  package func set(_ options: SocketOption...) throws(ZeroMQError) {
    try set(options)
  }

  /// Applies `options` in order; the first one refused throws, naming it.
  package func set(_ options: [SocketOption]) throws(ZeroMQError) {
    for option in options {
      for setting in option.settings { try apply(setting, of: option) }
    }
  }

  private func apply(_ setting: RawSetting, of option: SocketOption) throws(ZeroMQError) {
    let result: CInt
    switch setting.value {
    case .integer(let value):
      guard var value = CInt(exactly: value) else { throw option.refused(code: EINVAL) }
      result = zmq_setsockopt(pointer, setting.code, &value, MemoryLayout<CInt>.size)
    case .wideInteger(var value):
      result = zmq_setsockopt(pointer, setting.code, &value, MemoryLayout<Int64>.size)
    case .bytes(let bytes):
      result = zmq_setsockopt(pointer, setting.code, bytes, bytes.count)
    }
    if result == 0 { return }
    let code = zmq_errno()
    throw code == ETERM ? .terminated : option.refused(code: code)
  }
}

/// An option as the C interface takes it.
struct RawSetting {
  enum Value {
    case integer(Int)
    case wideInteger(Int64)
    case bytes([UInt8])
  }

  let code: CInt
  let value: Value

  init(_ code: CInt, _ value: Int) {
    self.code = code
    self.value = .integer(value)
  }

  init(_ code: CInt, _ value: Bool) { self.init(code, value ? 1 : 0) }

  init(_ code: CInt, wide value: Int) {
    self.code = code
    self.value = .wideInteger(Int64(value))
  }

  init(_ code: CInt, _ bytes: [UInt8]) {
    self.code = code
    self.value = .bytes(bytes)
  }
}

extension SocketOption {
  /// Names the option; keys are left out, since messages end up in logs.
  fileprivate func refused(code: CInt) -> ZeroMQError {
    switch self {
    case .curveServer: .option("curveServer", code: code)
    case .curveClient: .option("curveClient", code: code)
    default: .option("\(self)", code: code)
    }
  }

  fileprivate var settings: [RawSetting] {
    switch self {
    case .sendHighWaterMark(let count): [RawSetting(ZMQ_SNDHWM, count)]
    case .receiveHighWaterMark(let count): [RawSetting(ZMQ_RCVHWM, count)]
    case .messageByteCountMax(let count): [RawSetting(ZMQ_MAXMSGSIZE, wide: count)]
    case .lingerMs(let time): [RawSetting(ZMQ_LINGER, time)]
    case .receiveTimeoutMs(let time): [RawSetting(ZMQ_RCVTIMEO, time)]
    case .sendTimeoutMs(let time): [RawSetting(ZMQ_SNDTIMEO, time)]
    case .sendBufferByteCount(let count): [RawSetting(ZMQ_SNDBUF, count)]
    case .receiveBufferByteCount(let count): [RawSetting(ZMQ_RCVBUF, count)]
    case .subscribe(let prefix): [RawSetting(ZMQ_SUBSCRIBE, prefix)]
    case .unsubscribe(let prefix): [RawSetting(ZMQ_UNSUBSCRIBE, prefix)]
    case .xpubNoDrop(let on): [RawSetting(ZMQ_XPUB_NODROP, on)]
    case .xpubVerboser(let on): [RawSetting(ZMQ_XPUB_VERBOSER, on)]
    case .immediate(let on): [RawSetting(ZMQ_IMMEDIATE, on)]
    case .routerMandatory(let on): [RawSetting(ZMQ_ROUTER_MANDATORY, on)]
    case .routerHandover(let on): [RawSetting(ZMQ_ROUTER_HANDOVER, on)]
    case .ipv6(let on): [RawSetting(ZMQ_IPV6, on)]
    case .reconnectIntervalMs(let time): [RawSetting(ZMQ_RECONNECT_IVL, time)]
    case .handshakeTimeoutMs(let time): [RawSetting(ZMQ_HANDSHAKE_IVL, time)]
    case .tcpKeepalive(let on): [RawSetting(ZMQ_TCP_KEEPALIVE, on)]
    case .tcpKeepaliveIdleS(let time): [RawSetting(ZMQ_TCP_KEEPALIVE_IDLE, time)]
    case .tcpKeepaliveIntervalS(let time): [RawSetting(ZMQ_TCP_KEEPALIVE_INTVL, time)]
    case .tcpKeepaliveCount(let count): [RawSetting(ZMQ_TCP_KEEPALIVE_CNT, count)]
    case .listenBacklog(let count): [RawSetting(ZMQ_BACKLOG, count)]
    case .curveServer(let secretKey):
      [
        RawSetting(ZMQ_CURVE_SERVER, true),
        RawSetting(ZMQ_CURVE_SECRETKEY, secretKey.bytes),
      ]
    case .curveClient(let serverKey, let keys):
      [
        RawSetting(ZMQ_CURVE_SERVERKEY, serverKey.bytes),
        RawSetting(ZMQ_CURVE_PUBLICKEY, keys.publicKey.bytes),
        RawSetting(ZMQ_CURVE_SECRETKEY, keys.secretKey.bytes),
      ]
    case .zapDomain(let name): [RawSetting(ZMQ_ZAP_DOMAIN, Array(name.utf8))]
    case .zapEnforced(let on): [RawSetting(TAMIS_ZMQ_ZAP_ENFORCE_DOMAIN, on)]
    }
  }
}
