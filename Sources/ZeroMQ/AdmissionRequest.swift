internal import Glibc

/// A question of the library whether a peer may come in: the ZeroMQ Authentication Protocol (ZAP)
/// 1.0, RFC 27.
struct AdmissionRequest {
  /// The credentials of the peer.
  enum Credentials: Equatable {
    case null
    case curve(CurveKey)
    /// Another mechanism, or credentials that do not belong to it.
    case other
  }

  /// The identity of the asker at the ROUTER socket that the question came to.
  var asker: [UInt8] = []
  /// Repeated in the reply.
  var identifier: [UInt8] = []
  /// The socket's name, `zapDomain`.
  var domain = ""
  /// The peer's address, without its port.
  var address = ""
  var credentials = Credentials.other
  /// Whether it was put as the protocol says.
  var isWellFormed = false

  /// Parts of a request with its envelope, and bytes of each, that are looked at; no valid one has more.
  private static let partCountMax = 11
  private static let partByteCountMax = 255

  /// Takes the next request from `socket`, a ROUTER, or nil where there is none. All its parts are
  /// taken, whatever they are; memory for at most eleven of 255 bytes is used.
  static func next(
    from socket: Socket, into message: inout Message
  ) throws(ZeroMQError) -> AdmissionRequest? {
    guard try socket.receive(into: &message) else { return nil }
    var parts: [[UInt8]] = []
    var isWithinBounds = true
    while true {
      if parts.count < partCountMax, message.byteCount <= partByteCountMax {
        parts.append(Array(message.bytes))
      } else {
        isWithinBounds = false
      }
      guard message.hasMore else { break }
      guard try socket.receive(into: &message, blocking: true) else { break }
    }
    // The asker, an empty part, and the request.
    var request = AdmissionRequest(
      parts: Array(parts.dropFirst(2)),
      isWithinBounds: isWithinBounds && parts.count > 1 && parts[1].isEmpty)
    request.asker = parts.first ?? []
    return request
  }

  /// Reads the parts: version, identifier, domain, address, identity, mechanism, credentials.
  init(parts: [[UInt8]], isWithinBounds: Bool = true) {
    if parts.count > 1 { identifier = parts[1] }
    if parts.count > 2 { domain = text(parts[2]) }
    if parts.count > 3 { address = text(parts[3]) }
    guard isWithinBounds, parts.count >= 6, text(parts[0]) == "1.0" else { return }
    isWellFormed = true
    let shown = parts[6...]
    switch text(parts[5]) {
    case "NULL" where shown.isEmpty: credentials = .null
    case "CURVE" where shown.count == 1:
      credentials = CurveKey(bytes: parts[6]).map { .curve($0) } ?? .other
    default: credentials = .other
    }
  }

  /// The status of a reply.
  enum Status: String {
    case success = "200"
    /// The peer may try again.
    case temporary = "300"
    /// The peer gives up.
    case denied = "400"
  }

  /// Answers it on the socket that it came from. Returns false where the asker has gone: its connection
  /// was closed meanwhile.
  func reply(on socket: Socket, _ status: Status, user: String = "") throws(ZeroMQError) -> Bool {
    let parts: [[UInt8]] = [
      asker, [], Array("1.0".utf8), identifier, Array(status.rawValue.utf8), [],
      Array(user.utf8.prefix(Self.partByteCountMax)), [],
    ]
    for (index, part) in parts.enumerated() {
      var message = Message(copying: part)
      do {
        guard try socket.send(&message, more: index < parts.count - 1) else { return false }
      } catch .call(.send, code: EHOSTUNREACH) {
        return false
      }
    }
    return true
  }
}

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
