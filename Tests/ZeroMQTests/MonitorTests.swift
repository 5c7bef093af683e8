internal import Testing
internal import ZeroMQ

@Suite struct MonitorTests {
  @Test func tellsOfAConnectionsLife() throws {
    let context = try Context()
    let server = try makeSocket(context, .pull)
    let monitor = try SocketMonitor(server)
    #expect(try monitor.next() == nil)
    try server.bind("tcp://127.0.0.1:*")
    let address = try server.lastEndpoint()
    do {
      let client = try makeSocket(context, .push)
      try client.connect(address)
      #expect(try client.send("x", blocking: true))
      #expect(try receiveText(server) == "x")
    }
    var kinds: [SocketEvent.Kind] = []
    let last = try eventually { () -> SocketEvent? in
      guard let event = try monitor.next() else { return nil }
      kinds.append(event.kind)
      return event.kind == .disconnected ? event : nil
    }
    #expect(kinds == [.listening, .accepted, .handshakeSucceeded, .disconnected])
    #expect(last?.endpoint == address)
  }

  @Test func pollerSeesItsEvents() throws {
    let context = try Context()
    let server = try makeSocket(context, .pull)
    let monitor = try SocketMonitor(server, kinds: [.listening])
    let poller = Poller([monitor.socket])
    #expect(try poller.wait(timeoutMs: 0) == 0)
    try server.bind("tcp://127.0.0.1:*")
    #expect(try poller.wait(timeoutMs: 20_000) == 1)
    #expect(try monitor.next()?.kind == .listening)
  }

  @Test func nobodyThereIsSeenAsRetries() throws {
    let context = try Context()
    let brief = try makeSocket(context, .pull)
    try brief.bind("tcp://127.0.0.1:*")
    let address = try brief.lastEndpoint()
    try brief.unbind(address)
    let client = try makeSocket(context, .push, [.reconnectIntervalMs(1)])
    let monitor = try SocketMonitor(client, kinds: [.connectRetried])
    try client.connect(address)
    #expect(try eventually { try monitor.next() }?.kind == .connectRetried)
  }

  @Test func monitorsOfOneContextDoNotMeet() throws {
    let context = try Context()
    let sockets = try (0..<3).map { _ in try makeSocket(context, .pull) }
    let monitors = try sockets.map { try SocketMonitor($0, kinds: [.listening]) }
    try sockets[1].bind("tcp://127.0.0.1:*")
    #expect(try eventually { try monitors[1].next() } != nil)
    #expect(try monitors[0].next() == nil)
    #expect(try monitors[2].next() == nil)
  }
}
