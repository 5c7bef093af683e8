internal import Glibc
internal import Monitoring
internal import Testing

/// Requests and their replies over real loopback connections.
@Suite struct HTTPEndpointTests {
  private func start(_ limits: HTTPEndpoint.Limits = .init()) throws -> HTTPEndpoint {
    try HTTPEndpoint(
      listen: "127.0.0.1:0",
      routes: [
        "/metrics": {
          HTTPReply(contentType: PrometheusText.contentType, body: Array("m 1\n".utf8))
        },
        "/healthz": { .text("draining\n", status: 503) },
        "/large": { .text(String(repeating: "x", count: 8_000_000)) },
      ],
      limits: limits)
  }

  @Test func getIsAnswered() throws {
    let endpoint = try start()
    let client = try TestConnection(port: endpoint.boundPort)
    client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
    let reply = try #require(client.readReply())
    #expect(reply.statusLine == "HTTP/1.1 200 OK")
    #expect(reply.headers.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8"))
    #expect(reply.headers.contains("Content-Length: 4"))
    #expect(reply.body == "m 1\n")
  }

  @Test func headHasTheHeadersAlone() throws {
    let endpoint = try start()
    let client = try TestConnection(port: endpoint.boundPort)
    client.send("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    let reply = client.readReply(toHead: true)
    #expect(reply?.statusLine == "HTTP/1.1 200 OK")
    #expect(reply?.headers.contains("Content-Length: 4") == true)
    #expect(client.isClosedByServer())
  }

  @Test func statusIsTheRoutes() throws {
    let endpoint = try start()
    let client = try TestConnection(port: endpoint.boundPort)
    client.send("GET /healthz?verbose=1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    let reply = client.readReply()
    #expect(reply?.statusLine == "HTTP/1.1 503 Service Unavailable")
    #expect(reply?.body == "draining\n")
  }

  @Test func unknownPathTellsTheKnownOnes() throws {
    let endpoint = try start()
    let client = try TestConnection(port: endpoint.boundPort)
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    let reply = client.readReply()
    #expect(reply?.statusLine == "HTTP/1.1 404 Not Found")
    #expect(reply?.body == "404 nothing here; there is /healthz, /large, /metrics\n")
  }

  @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
  func otherMethodsAreNotAllowed(method: String) throws {
    let endpoint = try start()
    let client = try TestConnection(port: endpoint.boundPort)
    client.send("\(method) /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
    let reply = client.readReply()
    #expect(reply?.statusLine == "HTTP/1.1 405 Method Not Allowed")
    #expect(reply?.headers.contains("Allow: GET, HEAD") == true)
  }

  @Test func connectionServesManyRequests() throws {
    let endpoint = try start()
    let client = try TestConnection(port: endpoint.boundPort)
    for _ in 0..<50 {
      client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(client.readReply()?.body == "m 1\n")
    }
  }

  @Test func pipelinedRequestsAreAnsweredInOrder() throws {
    let endpoint = try start()
    let client = try TestConnection(port: endpoint.boundPort)
    client.send(
      "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        + "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    #expect(client.readReply()?.body == "m 1\n")
    #expect(client.readReply()?.body == "draining\n")
    #expect(client.readReply()?.headers.contains("Connection: close") == true)
    #expect(client.isClosedByServer())
  }

  @Test func requestInSingleBytesIsUnderstood() throws {
    let endpoint = try start()
    let client = try TestConnection(port: endpoint.boundPort)
    for character in "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" {
      client.send(String(character))
    }
    #expect(client.readReply()?.body == "m 1\n")
  }

  @Test func oldClientsAreServedOnce() throws {
    let endpoint = try start()
    let client = try TestConnection(port: endpoint.boundPort)
    client.send("GET /metrics HTTP/1.0\r\n\r\n")
    let reply = client.readToEnd()
    #expect(reply.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(reply.hasSuffix("\r\n\r\nm 1\n"))
  }

  @Test func clientThatHasClosedItsSideGetsTheWholeReply() throws {
    let endpoint = try start()
    let client = try TestConnection(port: endpoint.boundPort)
    client.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
    client.closeOutput()
    #expect(client.readReply()?.body.utf8.count == 8_000_000)
    #expect(client.isClosedByServer())
  }

  /// RFC 9112, 3.2.2: a server takes the absolute form, and its host counts, not the header's.
  @Test(arguments: [
    ("http://localhost/metrics", "a.b", 200), ("HTTP://127.0.0.1:9464/metrics?x=/y", "a.b", 200),
    ("http://localhost", "localhost", 404), ("http://localhost?x", "localhost", 404),
    ("http://a.b/metrics", "localhost", 421), ("http:///metrics", "localhost", 421),
    ("http://me@localhost/metrics", "localhost", 421),
    ("ftp://localhost/metrics", "localhost", 404),
    ("http://localhost//metrics", "localhost", 404),
  ])
  func theAbsoluteFormIsTaken(target: String, host: String, status: Int) throws {
    let endpoint = try start()
    let client = try TestConnection(port: endpoint.boundPort)
    client.send("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
    #expect(client.readReply()?.statusLine.hasPrefix("HTTP/1.1 \(status) ") == true)
    client.send("GET \(target) HTTP/1.1\r\n\r\n")
    let refused = client.readReply()?.statusLine ?? "none"
    #expect(refused.contains(" 400 ") || refused.contains(" 421 "), "\(refused)")
    let old = try TestConnection(port: endpoint.boundPort)
    old.send("GET \(target) HTTP/1.0\r\n\r\n")
    #expect(old.readToEnd().hasPrefix("HTTP/1.1 \(status) "))
  }

  /// The library's strings end at a NUL; what stands behind it must not be left out in silence.
  @Test(arguments: [
    "GET /metrics\0 HTTP/1.1", "GET /metrics\0x HTTP/1.1", "GET /metrics\0?a=b HTTP/1.1",
    "GET /metrics?a=b\0 HTTP/1.1", "GET /metrics?a\0=b&c HTTP/1.1", "GET\0 /metrics HTTP/1.1",
    "GET\0x /metrics HTTP/1.1", "GET \0/metrics HTTP/1.1", "GET /metrics\0HTTP/1.1 HTTP/1.1",
    "GET http://localhost/metrics\0 HTTP/1.1",
  ])
  func aNULInTheRequestLineIsRefused(line: String) throws {
    let endpoint = try start()
    let client = try TestConnection(port: endpoint.boundPort)
    client.send("\(line)\r\nHost: localhost\r\n\r\n")
    let status = client.readReply()?.statusLine.split(separator: " ").dropFirst().first ?? "none"
    #expect(["400", "none"].contains(status), "\(status)")
    #expect(client.isClosedByServer())
  }

  /// What is no NUL is taken as before.
  @Test(arguments: [
    "GET /metrics?a=b&c=%00 HTTP/1.1", "GET /metrics? HTTP/1.1", "GET /metrics?a&b HTTP/1.1",
    "GET  /metrics HTTP/1.1", "GET /metrics?a=b+c HTTP/1.1",
  ])
  func otherRequestLinesAreTaken(line: String) throws {
    let endpoint = try start()
    let client = try TestConnection(port: endpoint.boundPort)
    for _ in 0..<2 {
      client.send("\(line)\r\nHost: localhost\r\n\r\n")
      #expect(client.readReply()?.statusLine == "HTTP/1.1 200 OK")
    }
  }

  @Test func bodiesAreRefused() throws {
    let endpoint = try start()
    let client = try TestConnection(port: endpoint.boundPort)
    client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello")
    #expect(client.readReply()?.statusLine.hasPrefix("HTTP/1.1 413 ") == true)
    #expect(client.isClosedByServer())
  }

  /// With a status or, where nothing was understood, by the end of the connection alone.
  @Test(arguments: [
    "nonsense\r\n\r\n", "\u{1}\u{2}\u{3}\r\n\r\n", "GET /metrics\r\n\r\n",
    "GET /metrics HTTP/9.9\r\n\r\n",
  ])
  func whatIsNotHTTPIsRefused(text: String) throws {
    let endpoint = try start()
    let client = try TestConnection(port: endpoint.boundPort)
    client.send(text)
    let status = client.readReply()?.statusLine.split(separator: " ").dropFirst().first ?? "none"
    #expect(["400", "505", "none"].contains(status))
    #expect(client.isClosedByServer())
  }

  @Test(arguments: [
    "GET /\(String(repeating: "p", count: 9_000)) HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nHost: \(String(repeating: "h", count: 9_000))\r\n\r\n",
    "GET /metrics HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 200) + "\r\n",
  ])
  func largeHeadersAreRefused(text: String) throws {
    let endpoint = try start()
    let client = try TestConnection(port: endpoint.boundPort)
    client.send(text)
    #expect(client.readReply()?.statusLine == "HTTP/1.1 431 Request Header Fields Too Large")
    #expect(client.isClosedByServer())
  }
}
