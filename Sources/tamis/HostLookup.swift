internal import CommandFrame
internal import Glibc

/// Reports on stderr when the host of `tcp://HOST:PORT` is not known. It is no error: ZeroMQ tries
/// again silently as long as the socket lives, and the name may become known.
func complainOfHost(in endpoint: String) {
  guard endpoint.hasPrefix("tcp://"), let colon = endpoint.lastIndex(of: ":") else { return }
  // A source address may stand before the host.
  let address = endpoint[endpoint.index(endpoint.startIndex, offsetBy: 6)..<colon]
  var host = String(address.split(separator: ";").last ?? "")
  if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
  guard !host.isEmpty else { return }
  var found: UnsafeMutablePointer<addrinfo>?
  let code = getaddrinfo(host, nil, nil, &found)
  defer { if let found { freeaddrinfo(found) } }
  if code != 0 {
    complain(
      "\(endpoint): the host \(host) is not known (\(String(cString: gai_strerror(code)))); "
        + "trying on")
  }
}
