internal import Glibc

/// Whether a socket can be bound at an address of this machine, tried without listening: a sender
/// that waits for the daemon must not find a probe, which would take its records and lose them.
struct PortProbe {
  /// The hosts that an address may name.
  enum Hosts {
    /// As libzmq takes them for bind: an interface or a number of an address.
    case interfaces
    /// A name or a number of an address.
    case names
  }

  /// Why an address cannot be bound.
  struct Refusal: Error, CustomStringConvertible {
    var description: String
  }

  /// Address and port of `HOST:PORT`, where it can be bound; port 0 is any that is free.
  static func look(
    at hostPort: String, _ hosts: Hosts
  ) -> Result<(address: SocketAddress, port: UInt16), Refusal> {
    guard let colon = hostPort.lastIndex(of: ":") else {
      return .failure(Refusal(description: "expected HOST:PORT"))
    }
    var host = String(hostPort[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    let port = hostPort[hostPort.index(after: colon)...]
    let found: [SocketAddress]
    switch hosts {
    case .names: found = resolved(host, flags: AI_PASSIVE)
    case .interfaces:
      found =
        host == "*"
        ? resolved("0.0.0.0", flags: AI_NUMERICHOST)
        : addresses(ofInterface: host) + resolved(host, flags: AI_NUMERICHOST)
    }
    guard let address = found.first else {
      return .failure(
        Refusal(
          description: hosts == .names
            ? "no such host; give one of this machine's addresses"
            : "no such interface or address; `ip address` shows those of this machine"))
    }
    let number = UInt16(port) ?? 0
    if let code = code(of: address, port: number) {
      return .failure(Refusal(description: explanation(code)))
    }
    return .success((address, number))
  }

  private static func explanation(_ code: CInt) -> String {
    let text = String(cString: strerror(code))
    return switch code {
    case EADDRINUSE: "\(text); another program listens there, `ss -ltnp` shows which"
    case EADDRNOTAVAIL: "\(text); `ip address` shows the addresses of this machine"
    case EACCES: "\(text); ports below 1024 are not for everybody"
    default: text
    }
  }

  /// The errno of the bind; nil where it went well.
  private static func code(of address: SocketAddress, port: UInt16) -> CInt? {
    let descriptor = socket(
      address.family, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return errno }
    defer { close(descriptor) }
    // As the servers set it: a connection in TIME_WAIT does not take the port, a listener does.
    var isOn: CInt = 1
    setsockopt(
      descriptor, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<CInt>.size))
    return address.withPort(port) { pointer, length in
      bind(descriptor, pointer, length) == 0 ? nil : errno
    }
  }
}

/// An IPv4 or IPv6 address.
struct SocketAddress {
  private var storage = sockaddr_storage()
  private let length: socklen_t

  var family: CInt { CInt(storage.ss_family) }

  /// nil for another family.
  init?(_ address: UnsafePointer<sockaddr>) {
    switch CInt(address.pointee.sa_family) {
    case AF_INET: length = socklen_t(MemoryLayout<sockaddr_in>.size)
    case AF_INET6: length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    default: return nil
    }
    let byteCount = Int(length)
    withUnsafeMutableBytes(of: &storage) {
      $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: byteCount))
    }
  }

  /// Whether a socket at this address has the same port of the same network as one at `other` would. A
  /// socket at :: takes IPv4 too.
  func takesPort(of other: SocketAddress) -> Bool {
    if isAny && family == AF_INET6 || other.isAny && other.family == AF_INET6 { return true }
    if family != other.family { return false }
    return isAny || other.isAny || numberBytes == other.numberBytes
  }

  private var isAny: Bool { numberBytes.allSatisfy { $0 == 0 } }

  /// The address in network order, and of a local one of IPv6 the interface.
  private var numberBytes: [UInt8] {
    withUnsafeBytes(of: storage) { bytes in
      family == AF_INET ? Array(bytes[4..<8]) : Array(bytes[8..<28])
    }
  }

  func withPort<Result>(
    _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var copy = storage
    return withUnsafeMutableBytes(of: &copy) { bytes in
      // The port stands behind the family in both.
      bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
      return bytes.withMemoryRebound(to: sockaddr.self) { rebound in
        guard let base = rebound.baseAddress else { preconditionFailure("an address has bytes") }
        return body(base, length)
      }
    }
  }
}

private func resolved(_ host: String, flags: CInt) -> [SocketAddress] {
  var hints = addrinfo()
  hints.ai_flags = flags
  hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
  var found: UnsafeMutablePointer<addrinfo>?
  guard getaddrinfo(host, nil, &hints, &found) == 0 else { return [] }
  defer { freeaddrinfo(found) }
  return sequence(first: found, next: { $0?.pointee.ai_next }).compactMap { entry in
    entry?.pointee.ai_addr.flatMap { SocketAddress($0) }
  }
}

private func addresses(ofInterface name: String) -> [SocketAddress] {
  var found: UnsafeMutablePointer<ifaddrs>?
  guard getifaddrs(&found) == 0 else { return [] }
  defer { freeifaddrs(found) }
  var addresses: [SocketAddress] = []
  var next = found
  while let entry = next {
    if String(cString: entry.pointee.ifa_name) == name, let address = entry.pointee.ifa_addr,
      CInt(address.pointee.sa_family) == AF_INET, let known = SocketAddress(address)
    {
      addresses.append(known)
    }
    next = entry.pointee.ifa_next
  }
  return addresses
}
