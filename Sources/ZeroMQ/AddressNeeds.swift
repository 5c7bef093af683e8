internal import CZeroMQ
internal import Glibc

/// Whether the library needs its IPv6 option for `address`: it is an IPv6 address, or a name that
/// has no other.
///
/// The option is not always set: with it the library prefers IPv6 where a name has both, and the
/// other end may listen only at IPv4.
func needsIPv6(_ address: String, for use: ZeroMQError.EndpointOperation) -> Bool {
  guard address.hasPrefix("tcp://") else { return false }
  let rest = address.dropFirst("tcp://".count)
  if rest.contains("[") { return true }
  guard use == .connect, let colon = rest.lastIndex(of: ":") else { return false }
  let host = String(rest[..<colon])
  return !resolves(host, to: AF_INET) && resolves(host, to: AF_INET6)
}

private func resolves(_ host: String, to family: CInt) -> Bool {
  var hints = addrinfo()
  hints.ai_family = family
  hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
  var found: UnsafeMutablePointer<addrinfo>?
  guard getaddrinfo(host, nil, &hints, &found) == 0 else { return false }
  freeaddrinfo(found)
  return true
}

/// Why the path of an ipc `address` cannot be bound; nil where it can, and for other addresses. It
/// only looks: the address is not taken.
package func refusal(ofPathIn address: String) -> ZeroMQError? {
  let code = codeOfIPCPath(of: address)
  return code == 0 ? nil : .endpoint(.bind, address: address, code: code)
}

/// Why the path of an ipc address cannot be bound: an errno, 0 where it can and for other
/// addresses.
///
/// The library removes any file of that name before it binds. This looks first, so that the file of
/// another process is not lost.
private func codeOfIPCPath(of address: String) -> CInt {
  guard address.hasPrefix("ipc://") else { return 0 }
  let path = String(address.dropFirst("ipc://".count))
  if path.isEmpty || path == "*" { return 0 }
  return tamis_ipc_path_state(path)
}
