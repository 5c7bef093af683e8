internal import Glibc
internal import Monitoring
internal import Synchronization
internal import Testing

/// Clients that ask for more than they take, and clients that call the endpoint by a foreign name.
@Suite struct HTTPFairnessTests {
  private func start(
    _ listen: String = "127.0.0.1:0", names: [String] = [],
    page: @escaping HTTPEndpoint.Route = { .text("page\n") }
  ) throws -> HTTPEndpoint {
    try HTTPEndpoint(
      listen: listen, names: names, routes: ["/": page, "/healthz": { .text("ok\n") }])
  }

  @Test func aClientThatTakesNothingIsAskedForNothingMore() throws {
    let made = Atomic(0)
    let body = String(repeating: "x", count: 1_000_000)
    let endpoint = try start {
      made.wrappingAdd(1, ordering: .relaxed)
      return .text(body)
    }
    let greedy = try TestConnection(port: endpoint.boundPort)
    // Some 60,000 requests, of which the server reads what fits into the kernel's buffers.
    let one = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    greedy.sendWithoutWaiting(String(repeating: one, count: 28_000))
    let other = try TestConnection(port: endpoint.boundPort)
    for _ in 0..<50 {
      other.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(other.readReply()?.body == "ok\n")
    }
    // The kernel's buffers of both sides take a few megabytes; then nothing more is made.
    let megabytes =
      try (bufferByteCountMax("tcp_wmem") + bufferByteCountMax("tcp_rmem")) / 1_000_000
    #expect(made.load(ordering: .relaxed) < megabytes + 8)
  }

  /// The replies to HEAD fit into the kernel's buffers, so nothing but the turns holds them back.
  @Test(arguments: ["GET", "HEAD", "DELETE"])
  func manyThatPipelineLeaveOthersTheirTurn(method: String) throws {
    let made = Atomic(0)
    let endpoint = try start {
      made.wrappingAdd(1, ordering: .relaxed)
      usleep(5_000)
      return .text("page\n")
    }
    let one = "\(method) / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    let greedy = try (0..<8).map { _ in
      let client = try TestConnection(port: endpoint.boundPort)
      client.sendWithoutWaiting(String(repeating: one, count: 2_000))
      return client
    }
    let clock = ContinuousClock()
    let began = clock.now
    for _ in 0..<20 {
      let other = try TestConnection(port: endpoint.boundPort)
      other.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(other.readReply()?.body == "ok\n")
    }
    // Twenty at once, and ten a second: 16,000 were asked for, which would take more than a minute.
    let madeCount = made.load(ordering: .relaxed)
    let tenths = began.duration(to: clock.now) / .milliseconds(100)
    #expect(madeCount < 60 + Int(tenths))
    withExtendedLifetime(greedy) {}
  }

  /// The most that the kernel takes for a connection's one side.
  private func bufferByteCountMax(_ name: String) throws -> Int {
    let descriptor = open("/proc/sys/net/ipv4/\(name)", O_RDONLY)
    defer { close(descriptor) }
    var text = [UInt8](repeating: 0, count: 100)
    let count = max(0, read(descriptor, &text, text.count))
    let words = String(decoding: text[..<count], as: UTF8.self).split(
      whereSeparator: \.isWhitespace)
    return try #require(words.last.flatMap { Int($0) })
  }

  @Test func pipelinedRequestsAreAnsweredInOrder() throws {
    let endpoint = try start()
    let client = try TestConnection(port: endpoint.boundPort)
    let pair =
      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    client.send(String(repeating: pair, count: 500))
    for _ in 0..<500 {
      #expect(client.readReply()?.body == "page\n")
      #expect(client.readReply()?.body == "ok\n")
    }
  }

  @Test func afterAFaultTheRestIsDropped() throws {
    let endpoint = try start()
    let client = try TestConnection(port: endpoint.boundPort)
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    #expect(client.readReply()?.statusLine == "HTTP/1.1 200 OK")
    #expect(client.readReply()?.statusLine == "HTTP/1.1 400 Bad Request")
    client.closeOutput()
    #expect(client.isClosedByServer())
  }

  @Test(arguments: [
    ("127.0.0.1:0", "localhost", 200), ("127.0.0.1:0", "LOCALHOST:9464", 200),
    ("127.0.0.1:0", "127.0.0.1:1", 200), ("127.0.0.1:0", "[::1]:80", 200),
    ("127.0.0.1:0", "page.example.org", 200), ("127.0.0.1:0", "page.example.org.:80", 200),
    ("127.0.0.1:0", "evil.example.org", 421), ("127.0.0.1:0", "localhost.evil.org", 421),
    ("127.0.0.1:0", "192.0.2.1", 421), ("127.0.0.1:0", "", 421),
    ("127.0.0.1:0", "[::1]evil", 421), ("127.0.0.1:0", "[::1].evil.org", 421),
    ("127.0.0.1:0", "[localhost]", 421), ("127.0.0.1:0", "localhost:80x", 421),
    ("127.0.0.1:0", "[::1]:80x", 421), ("127.0.0.1:0", "[::1", 421),
    ("0.0.0.0:0", "192.0.2.1:9464", 200), ("0.0.0.0:0", "[2001:db8::1]:9464", 200),
    ("0.0.0.0:0", "evil.example.org", 421),
  ])
  func onlyConfiguredNamesAreAnswered(listen: String, host: String, status: Int) throws {
    let endpoint = try start(listen, names: ["page.example.org"])
    let client = try TestConnection(port: endpoint.boundPort)
    client.send("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
    #expect(client.readReply()?.statusLine.hasPrefix("HTTP/1.1 \(status) ") == true)
  }

  @Test func aRequestWithoutOneNameIsRefused() throws {
    let endpoint = try start()
    for (text, status) in [
      ("GET / HTTP/1.1\r\n\r\n", 421), ("GET / HTTP/1.0\r\n\r\n", 200),
      ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 421),
    ] {
      let client = try TestConnection(port: endpoint.boundPort)
      client.send(text)
      #expect(client.readReply()?.statusLine.hasPrefix("HTTP/1.1 \(status) ") == true)
    }
  }
}
