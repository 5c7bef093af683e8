internal import Glibc

/// A plain loopback connection. Reads end after 60 s, so that a broken test fails, not hangs.
final class TestConnection {
  private let descriptor: CInt
  private var received: [UInt8] = []

  init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var limit = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let code = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if code != 0 { throw ConnectionRefused(code: errno) }
  }

  deinit { close(descriptor) }

  /// Sends text; a connection that the server has closed swallows it.
  func send(_ text: String) {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { content in
        Glibc.send(
          descriptor, content.baseAddress.map { $0 + sent }, bytes.count - sent,
          Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return }
      sent += count
    }
  }

  /// Sends as much text as the kernel takes within half a second.
  func sendWithoutWaiting(_ text: String) {
    var limit = timeval(tv_sec: 0, tv_usec: 500_000)
    setsockopt(
      descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    send(text)
  }

  /// Sends text; false where the server has closed.
  func stillTakes(_ text: String) -> Bool {
    send(text)
    var byte: UInt8 = 0
    let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
    return count < 0 && errno == EAGAIN
  }

  /// Says that nothing more will be sent.
  func closeOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Reads until the server closes.
  func readToEnd() -> String {
    while readSome() {}
    defer { received = [] }
    return String(decoding: received, as: UTF8.self)
  }

  /// Reads one reply: its head, and as much body as Content-Length says unless it answers HEAD.
  func readReply(toHead: Bool = false) -> TestReply? {
    while true {
      if let end = headEnd() {
        let head = String(decoding: received[..<end], as: UTF8.self)
        let lines = head.split(separator: "\r\n").map(String.init)
        let bodyCount = toHead ? 0 : contentLength(lines)
        if received.count >= end + 4 + bodyCount {
          let body = String(decoding: received[(end + 4)..<(end + 4 + bodyCount)], as: UTF8.self)
          received.removeFirst(end + 4 + bodyCount)
          return TestReply(
            statusLine: lines.first ?? "", headers: Array(lines.dropFirst()), body: body)
        }
      }
      if !readSome() { return nil }
    }
  }

  /// Whether the server closed the connection without another byte.
  func isClosedByServer() -> Bool {
    received.isEmpty && !readSome()
  }

  private func headEnd() -> Int? {
    guard received.count >= 4 else { return nil }
    return (0...(received.count - 4)).first { Array(received[$0..<($0 + 4)]) == [13, 10, 13, 10] }
  }

  private func contentLength(_ lines: [String]) -> Int {
    let prefix = "content-length: "
    let line = lines.first { $0.lowercased().hasPrefix(prefix) } ?? ""
    return Int(line.dropFirst(prefix.count)) ?? 0
  }

  private func readSome() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count <= 0 { return false }
    received += buffer.prefix(count)
    return true
  }
}

struct TestReply: Equatable {
  var statusLine: String
  var headers: [String]
  var body: String
}

struct ConnectionRefused: Error {
  let code: CInt
}
