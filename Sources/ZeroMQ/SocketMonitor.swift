internal import CZeroMQ
internal import Synchronization

/// Something that happened to a connection of a socket.
package struct SocketEvent: Equatable, Sendable {
  /// What happened.
  package enum Kind: UInt16, CaseIterable, Sendable {
    case connected = 0x1
    case connectDelayed = 0x2
    case connectRetried = 0x4
    case listening = 0x8
    case bindFailed = 0x10
    case accepted = 0x20
    case acceptFailed = 0x40
    case closed = 0x80
    case closeFailed = 0x100
    case disconnected = 0x200
    case monitorStopped = 0x400
    case handshakeFailed = 0x800
    case handshakeSucceeded = 0x1000
    case handshakeFailedProtocol = 0x2000
    case handshakeFailedAuthentication = 0x4000
  }

  /// What happened.
  package var kind: Kind
  /// The errno, descriptor, retry interval (ms), protocol error or ZAP status that goes with it.
  package var value: Int
  /// The address concerned.
  package var endpoint: String
}

/// Tells what happens to the connections of a socket.
///
/// Events queue up to the high-water mark of an inproc pair and are read without blocking; a
/// `Poller` can watch `socket`. The monitor keeps the watched socket open. It may be used in
/// another thread than the watched socket.
package final class SocketMonitor {
  /// The end that events arrive at; for a `Poller` alone.
  package let socket: Socket
  private let watched: Socket
  private var message = Message()

  /// Starts to watch `watched` for `kinds`. A socket has one monitor at a time.
  package init(
    _ watched: Socket, kinds: [SocketEvent.Kind] = SocketEvent.Kind.allCases
  ) throws(ZeroMQError) {
    let number = monitorCount.wrappingAdd(1, ordering: .relaxed).newValue
    let address = "inproc://monitor-\(number)"
    let events = kinds.reduce(0) { $0 | CInt($1.rawValue) }
    let end = try Socket(watched.context, .pair)
    guard zmq_socket_monitor(watched.pointer, address, events) == 0 else {
      throw .call(.monitor, code: zmq_errno())
    }
    try end.connect(address)
    self.watched = watched
    socket = end
  }

  deinit { zmq_socket_monitor(watched.pointer, nil, 0) }

  /// The next event, or nil where nothing more has happened.
  package func next() throws(ZeroMQError) -> SocketEvent? {
    while try socket.receive(into: &message) {
      // Part 1: event (u16) and value (u32), in the machine's byte order. Part 2: the address.
      guard message.byteCount == 6, message.hasMore else { continue }
      let code = message.bytes.loadUnaligned(as: UInt16.self)
      let value = message.bytes.loadUnaligned(fromByteOffset: 2, as: UInt32.self)
      guard try socket.receive(into: &message, blocking: true) else { return nil }
      guard let kind = SocketEvent.Kind(rawValue: code) else { continue }
      return SocketEvent(
        kind: kind, value: Int(value), endpoint: String(decoding: message.bytes, as: UTF8.self))
    }
    return nil
  }
}

/// Numbers the inproc addresses of monitors, which must differ within a context.
private let monitorCount = Atomic<Int>(0)
