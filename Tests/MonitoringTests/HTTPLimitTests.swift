internal import Glibc
internal import Monitoring
internal import Testing

/// Limits, the address, and the end.
@Suite struct HTTPLimitTests {
  private func start(
    _ listen: String = "127.0.0.1:0", limits: HTTPEndpoint.Limits = .init()
  ) throws -> HTTPEndpoint {
    try HTTPEndpoint(listen: listen, routes: ["/": { .text("here\n") }], limits: limits)
  }

  private let request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

  @Test func oneMoreConnectionTakesThePlaceOfTheLongestIdle() throws {
    var limits = HTTPEndpoint.Limits()
    limits.connectionCountMax = 2
    let endpoint = try start(limits: limits)
    let first = try TestConnection(port: endpoint.boundPort)
    first.send(request)
    #expect(first.readReply()?.body == "here\n")
    let second = try TestConnection(port: endpoint.boundPort)
    second.send(request)
    #expect(second.readReply()?.body == "here\n")
    let third = try TestConnection(port: endpoint.boundPort)
    third.send(request)
    #expect(third.readReply()?.body == "here\n")
    #expect(first.isClosedByServer())
    second.send(request)
    #expect(second.readReply()?.body == "here\n")
  }

  @Test func silentConnectionsDoNotShutAnybodyOut() throws {
    let endpoint = try start()
    let idle = try (0..<200).map { _ in try TestConnection(port: endpoint.boundPort) }
    let client = try TestConnection(port: endpoint.boundPort)
    client.send(request)
    #expect(client.readReply()?.body == "here\n")
    withExtendedLifetime(idle) {}
  }

  @Test(arguments: ["", "GET / HTTP/1.1\r\nHost:"])
  func silentClientsAreClosed(text: String) throws {
    var limits = HTTPEndpoint.Limits()
    limits.idleTimeoutMs = 20
    let endpoint = try start(limits: limits)
    let client = try TestConnection(port: endpoint.boundPort)
    client.send(text)
    #expect(client.isClosedByServer())
  }

  @Test func tricklingDoesNotKeepAConnection() throws {
    var limits = HTTPEndpoint.Limits()
    limits.idleTimeoutMs = 50
    let endpoint = try start(limits: limits)
    let client = try TestConnection(port: endpoint.boundPort)
    client.send("GET / HTTP/1.1\r\n")
    var sent = 0
    // Each byte comes well before the timeout; the connection must end all the same.
    while sent < 5_000, client.stillTakes("a") {
      sent += 1
      usleep(2_000)
    }
    #expect(sent < 5_000)
  }

  @Test func addressInUseNamesItAndTheWayOut() throws {
    let endpoint = try start()
    let address = "127.0.0.1:\(endpoint.boundPort)"
    let error = #expect(throws: HTTPEndpointError.self) { try start(address) }
    #expect(
      error?.description
        == "cannot listen at \(address): address already in use; stop the process that listens "
        + "there (ss -ltnp names it) or choose another port")
  }

  @Test(arguments: ["", "9464", "localhost", "localhost:", ":9464", "::1:9464", "a:70000", "a:-1"])
  func whatIsNoAddressIsRefused(address: String) {
    let error = #expect(throws: HTTPEndpointError.self) { try start(address) }
    #expect(
      error?.description
        == "cannot listen at \(address): not HOST:PORT; "
        + "write, for example, 127.0.0.1:9464 or [::1]:9464")
  }

  @Test func foreignAddressIsExplained() {
    let error = #expect(throws: HTTPEndpointError.self) { try start("192.0.2.1:0") }
    #expect(
      error?.description
        == "cannot listen at 192.0.2.1:0: no such address on this machine; "
        + "give one of its own (ip address lists them) or 127.0.0.1")
  }

  @Test func ipv6AddressesStandInBrackets() {
    do {
      #expect(try start("[::1]:0").boundPort > 0)
    } catch {
      // A machine without IPv6 still understands the address.
      #expect(!"\(error)".contains("not HOST:PORT"))
    }
  }

  @Test func stopEndsOpenConnectionsAndFreesThePort() throws {
    let endpoint = try start()
    let port = endpoint.boundPort
    let client = try TestConnection(port: port)
    client.send(request)
    #expect(client.readReply()?.body == "here\n")
    endpoint.stop()
    #expect(client.isClosedByServer())
    #expect(throws: ConnectionRefused.self) { try TestConnection(port: port) }
    endpoint.stop()
    let next = try start("127.0.0.1:\(port)")
    #expect(next.boundPort == port)
  }
}
