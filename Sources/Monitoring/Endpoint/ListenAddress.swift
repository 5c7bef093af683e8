internal import CMicroHTTPD
internal import Glibc
internal import Synchronization

/// HOST:PORT of a server, taken apart.
struct ListenAddress {
  let host: String
  let port: Int

  /// nil where `text` is not HOST:PORT. IPv6 addresses stand in brackets.
  init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let digits = text[text.index(after: colon)...]
    guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(digits),
      port <= 65_535
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    if host.isEmpty { return nil }
    self.host = String(host)
    self.port = port
  }
}

/// A socket that connections come to; reading and accepting never block.
final class ListeningSocket: Sendable {
  let descriptor: CInt
  /// The port that it is bound to.
  let port: Int
  private let isStopped = Atomic(false)

  /// Bytes that the kernel may hold for each client. Requests are small.
  private static let receiveBufferByteCount: CInt = 16_384
  /// Clients that come in a flood are taken in as fast, each in the place of another. One that the
  /// kernel has no room for tries again only after a second.
  private static let backlog: CInt = 1_024

  /// Binds to the first address that `address` stands for. `text` is the address as the user wrote it.
  init(_ address: ListenAddress, as text: String) throws(HTTPEndpointError) {
    var wanted = addrinfo()
    wanted.ai_socktype = CInt(SOCK_STREAM.rawValue)
    wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(address.host, String(address.port), &wanted, &found) == 0, let found else {
      throw HTTPEndpointError(
        address: text, explanation: "no such host; give one of this machine's addresses")
    }
    defer { freeaddrinfo(found) }
    let kind =
      CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    descriptor = socket(found.pointee.ai_family, kind, 0)
    guard descriptor >= 0 else {
      throw HTTPEndpointError(address: text, explanation: explain(errno))
    }
    setOption(SO_REUSEADDR, 1, of: descriptor)
    setOption(SO_RCVBUF, Self.receiveBufferByteCount, of: descriptor)
    guard bind(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0,
      listen(descriptor, Self.backlog) == 0
    else {
      let code = errno
      close(descriptor)
      throw HTTPEndpointError(address: text, explanation: explain(code))
    }
    port = boundPort(of: descriptor) ?? address.port
  }

  deinit { stop() }

  /// Nobody can connect any more.
  func stop() {
    if !isStopped.exchange(true, ordering: .relaxed) { close(descriptor) }
  }
}

private func setOption(_ option: CInt, _ value: CInt, of descriptor: CInt) {
  var value = value
  setsockopt(descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<CInt>.size))
}

/// The meaning of an errno of bind(2), for the person who chose the address.
private func explain(_ code: CInt) -> String {
  switch code {
  case EADDRINUSE:
    "address already in use; stop the process that listens there (ss -ltnp names it) "
      + "or choose another port"
  case EADDRNOTAVAIL:
    "no such address on this machine; give one of its own (ip address lists them) "
      + "or 127.0.0.1"
  case EACCES:
    "permission denied; choose a port of 1024 or above"
  default:
    String(cString: strerror(code))
  }
}

private func boundPort(of descriptor: CInt) -> Int? {
  var address = sockaddr_storage()
  var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
  return withUnsafeMutablePointer(to: &address) { storage in
    let code = storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      getsockname(descriptor, $0, &length)
    }
    guard code == 0 else { return nil }
    // The port stands at the same place for IPv4 and IPv6.
    return storage.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
      Int(UInt16(bigEndian: $0.pointee.sin_port))
    }
  }
}

/// Why the endpoint cannot listen.
package struct HTTPEndpointError: Error, Equatable, Sendable, CustomStringConvertible {
  /// HOST:PORT as it was given.
  package var address: String
  /// The system's message, and what to do.
  package var explanation: String

  /// `cannot listen at 127.0.0.1:9464: address already in use; ...`
  package var description: String { "cannot listen at \(address): \(explanation)" }
}
