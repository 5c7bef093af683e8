/// Why an address cannot be used.
struct AddressFault {
  var expected: String
  var remedy: String?
}

/// The use of an address by a socket; each use takes other addresses.
enum AddressUse {
  case bind, connect
}

private let addressForm = "tcp://HOST:PORT or ipc://PATH"

/// Checks the form of a ZeroMQ address. Whether it exists is only known when the daemon uses it.
func faultOfAddress(_ address: String, for use: AddressUse) -> AddressFault? {
  guard let colon = address.firstRange(of: "://") else {
    return AddressFault(
      expected: addressForm,
      remedy: splitHostPort(address) == nil ? nil : "did you mean `tcp://\(address)`?")
  }
  let rest = String(address[colon.upperBound...])
  switch address[..<colon.lowerBound] {
  case "tcp": return faultOfTCP(rest, for: use)
  case "ipc": return faultOfIPC(rest)
  case "inproc":
    return AddressFault(
      expected: addressForm, remedy: "inproc reaches only threads of the same program")
  default: return AddressFault(expected: addressForm)
  }
}

private func faultOfTCP(_ hostPort: String, for use: AddressUse) -> AddressFault? {
  guard let (host, port) = splitHostPort(hostPort) else {
    return AddressFault(
      expected: "tcp://HOST:PORT", remedy: "an IPv6 address stands in brackets: tcp://[::1]:5555")
  }
  if use == .bind {
    if port == "*" || isPort(port, from: 0) { return nil }
    return AddressFault(expected: "a port from 1 to 65535, or 0 or * for any that is free")
  }
  if host == "*" {
    return AddressFault(
      expected: "the name or address of a host to connect to", remedy: "* is for bind")
  }
  return isPort(port, from: 1) ? nil : AddressFault(expected: "a port from 1 to 65535")
}

private func faultOfIPC(_ path: String) -> AddressFault? {
  if path.isEmpty { return AddressFault(expected: "ipc://PATH") }
  if path.hasPrefix("~") || path.hasPrefix("$") {
    return AddressFault(
      expected: "a path as the system takes it", remedy: "write it out: only a shell knows ~ and $")
  }
  // sun_path holds 108 bytes with the final zero.
  if path.utf8.count > 107 { return AddressFault(expected: "a path of at most 107 bytes") }
  return nil
}

/// Checks `HOST:PORT` of a server; port 0 is any that is free.
func faultOfListenAddress(_ address: String) -> AddressFault? {
  guard let (_, port) = splitHostPort(address) else {
    return AddressFault(
      expected: "HOST:PORT, or \"\" for no endpoint",
      remedy: "an IPv6 address stands in brackets: [::1]:9464")
  }
  return isPort(port, from: 0) ? nil : AddressFault(expected: "a port from 0 to 65535")
}

private func isPort(_ text: String, from first: Int) -> Bool {
  guard text.allSatisfy({ $0.isASCII && $0.isNumber }), let port = Int(text) else { return false }
  return (first...65_535).contains(port)
}

/// Splits at the last colon; nil where a part is empty, or a host has what no host has.
private func splitHostPort(_ text: String) -> (host: String, port: String)? {
  guard let colon = text.lastIndex(of: ":") else { return nil }
  let host = String(text[..<colon])
  let port = String(text[text.index(after: colon)...])
  if host.isEmpty || port.isEmpty { return nil }
  if host.hasPrefix("[") {
    let inner = host.dropFirst().dropLast()
    let isIPv6 = host.hasSuffix("]") && inner.contains(":")
    return isIPv6 ? (host, port) : nil
  }
  let isHost = host.allSatisfy { !":/[]@;".contains($0) && !$0.isWhitespace }
  return isHost ? (host, port) : nil
}
