internal import NIOCore

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

/// Why the endpoint cannot listen.
package struct HTTPEndpointError: Error, Equatable, Sendable, CustomStringConvertible {
  /// HOST:PORT as it was given.
  package var address: String
  /// What the system said, and what to do.
  package var explanation: String

  /// `cannot listen at 127.0.0.1:9464: address already in use; ...`
  package var description: String { "cannot listen at \(address): \(explanation)" }

  init(address: String, explanation: String) {
    self.address = address
    self.explanation = explanation
  }

  init(address: String, cause: any Error) {
    self.address = address
    switch cause {
    case let error as IOError: explanation = explain(error.errnoCode)
    case is SocketAddressError: explanation = "no such host; give one of this machine's addresses"
    default: explanation = "\(cause)"
    }
  }
}
