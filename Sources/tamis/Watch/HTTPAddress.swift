internal import Glibc

/// http://HOST:PORT/PREFIX, with a minimal client.
struct HTTPAddress {
  let host: String
  let port: String
  /// Begins and ends with a slash.
  let prefix: String

  private static let timeoutMs: Int32 = 5_000
  private static let byteCountMax = 16 << 20
  /// A whole answer takes no longer than this, however slowly its bytes come.
  private static let answerNsMax: UInt64 = 15_000_000_000

  /// nil where `text` is no such address. IPv6 addresses stand in brackets; the port is 80 where
  /// none is given.
  init?(_ text: String) {
    guard text.hasPrefix("http://") else { return nil }
    let rest = text.dropFirst(7)
    var authority = rest.prefix { $0 != "/" }
    let path = rest.dropFirst(authority.count)
    prefix = path.hasSuffix("/") ? String(path) : "\(path)/"
    var port = "80"
    let bracket = authority.lastIndex(of: "]") ?? authority.startIndex
    if let colon = authority.lastIndex(of: ":"), colon >= bracket {
      port = String(authority[authority.index(after: colon)...])
      authority = authority[..<colon]
    }
    if authority.hasPrefix("["), authority.hasSuffix("]") {
      authority = authority.dropFirst().dropLast()
    } else if authority.contains(":") {
      return nil
    }
    let isPrintable = text.utf8.allSatisfy { (0x21..<0x7F).contains($0) }
    guard isPrintable, !authority.isEmpty, UInt16(port).map({ $0 > 0 }) == true else { return nil }
    host = String(authority)
    self.port = port
  }

  /// The body of `prefix` + `name`. Blocks, for at most some seconds without a byte.
  func get(_ name: String) throws(WatchFault) -> [UInt8] {
    let descriptor = try connected()
    defer { close(descriptor) }
    let request =
      "GET \(prefix)\(name) HTTP/1.0\r\nHost: \(host.contains(":") ? "[\(host)]" : host):\(port)"
      + "\r\nAccept: application/json\r\n\r\n"
    try send(request, to: descriptor)
    return try body(of: try receive(from: descriptor))
  }

  private func connected() throws(WatchFault) -> Int32 {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, port, &hints, &found)
    guard code == 0 else { throw fault(String(cString: gai_strerror(code))) }
    defer { freeaddrinfo(found) }
    var reason = "no address"
    var next = found
    while let address = next {
      let info = address.pointee
      let descriptor = socket(info.ai_family, info.ai_socktype | O_CLOEXEC, info.ai_protocol)
      if descriptor >= 0 {
        setTimeouts(descriptor)
        if connect(descriptor, info.ai_addr, info.ai_addrlen) == 0 { return descriptor }
        // A connect that ran into the send timeout says EINPROGRESS.
        reason = errno == EINPROGRESS ? "no answer in time" : String(cString: strerror(errno))
        close(descriptor)
      }
      next = info.ai_next
    }
    throw fault(reason)
  }

  private func setTimeouts(_ descriptor: Int32) {
    var limit = timeval(tv_sec: Int(Self.timeoutMs / 1_000), tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
  }

  private func send(_ request: String, to descriptor: Int32) throws(WatchFault) {
    var rest = Array(request.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 {
        if errno == EINTR { continue }
        throw fault(String(cString: strerror(errno)))
      }
      rest = rest.dropFirst(count)
    }
  }

  private func receive(from descriptor: Int32) throws(WatchFault) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let startNs = monotonicNs()
    while bytes.count <= Self.byteCountMax {
      if monotonicNs() - startNs > Self.answerNsMax { throw fault("no whole answer in time") }
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw fault(errno == EAGAIN ? "no answer in time" : String(cString: strerror(errno)))
      }
      bytes += chunk[..<count]
    }
    throw fault("an answer of more than \(Self.byteCountMax >> 20) MiB")
  }

  private func body(of reply: [UInt8]) throws(WatchFault) -> [UInt8] {
    let gap: [UInt8] = [13, 10, 13, 10]
    let end = reply.indices.dropLast(3).first { reply[$0..<$0 + 4].elementsEqual(gap) }
    guard let end, reply.starts(with: "HTTP/1.".utf8) else { throw fault("no HTTP there") }
    let head = String(decoding: reply[..<end], as: UTF8.self).split(separator: "\r\n")
    let status = head.first?.split(separator: " ").dropFirst().first ?? ""
    guard status == "200" else { throw fault("status \(status)") }
    let body = Array(reply[(end + 4)...])
    let length = head.first { $0.lowercased().hasPrefix("content-length:") }
      .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) }
    if let length, length != body.count {
      throw fault("\(body.count) bytes of \(length)")
    }
    return body
  }

  private func fault(_ reason: String) -> WatchFault {
    WatchFault(
      "no status from \(host) port \(port): \(reason); is tamisd running, and is http.listen in "
        + "its configuration this address?")
  }
}
