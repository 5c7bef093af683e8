import Foundation

/// A TCP port on the loopback address that nobody uses, and that nobody gets by chance.
///
/// A port that the kernel picks is anybody's again once it is closed. This one is below those that
/// the kernel gives to connections, and is held by an abstract socket name until the process ends,
/// as every test of this project holds its own.
func freePort() throws -> Int {
  let range = try String(contentsOfFile: "/proc/sys/net/ipv4/ip_local_port_range", encoding: .utf8)
  guard let end = range.split(whereSeparator: \.isWhitespace).first.flatMap({ Int($0) }) else {
    throw Failure("no range of ports: \(range)")
  }
  // Where the kernel's ports begin that low, one of those has to do.
  let ports = 10_000..<max(end, 20_000)
  for _ in 0..<1_000 {
    let port = Int.random(in: ports)
    if takes(port) { return port }
  }
  throw Failure("no free port of \(ports)")
}

/// Whether the port is free; it is then held under its name.
private func takes(_ port: Int) -> Bool {
  let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
  let name = socket(AF_UNIX, kind, 0)
  var held = sockaddr_un()
  held.sun_family = sa_family_t(AF_UNIX)
  let text = Array("tamis-test-port-\(port)".utf8)
  withUnsafeMutableBytes(of: &held.sun_path) { path in
    // The first byte stays 0: a name outside the file system.
    for (index, byte) in text.enumerated() { path[1 + index] = byte }
  }
  let server = socket(AF_INET, kind, 0)
  defer { close(server) }
  let isFree =
    binds(name, &held, MemoryLayout<sa_family_t>.size + 1 + text.count)
    && {
      var address = loopback(port: port)
      return binds(server, &address, MemoryLayout<sockaddr_in>.size)
    }()
  if !isFree { close(name) }
  return isFree
}

private func binds<Address>(_ descriptor: Int32, _ address: inout Address, _ length: Int) -> Bool {
  withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      bind(descriptor, $0, socklen_t(length)) == 0
    }
  }
}

/// The body of an HTTP answer and its status; nil where nobody listens.
func httpGet(port: Int, _ path: String) -> (status: Int, body: String)? {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(descriptor) }
  var address = loopback(port: port)
  let connected = withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
    }
  }
  guard connected else { return nil }
  let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
  _ = request.withCString { send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
  var answer: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = recv(descriptor, &chunk, chunk.count, 0)
    if count <= 0 { break }
    answer += chunk[..<count]
  }
  let text = String(decoding: answer, as: UTF8.self)
  guard let end = text.range(of: "\r\n\r\n") else { return nil }
  let status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  return (status, String(text[end.upperBound...]))
}

/// A TCP connection that says `text` and then nothing; to be closed.
func openConnection(port: Int, sending text: String = "") throws -> Int32 {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  var address = loopback(port: port)
  let connected = withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
    }
  }
  guard connected else {
    close(descriptor)
    throw Failure("nobody listens at port \(port)")
  }
  _ = text.withCString { send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
  return descriptor
}

private func loopback(port: Int) -> sockaddr_in {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = UInt16(port).bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  return address
}
