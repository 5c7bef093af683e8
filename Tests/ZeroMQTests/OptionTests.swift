internal import Testing
internal import ZeroMQ

@Suite struct OptionTests {
  @Test func refusedOptionIsNamed() throws {
    let socket = try Socket(try Context(), .pull)
    let error = #expect(throws: ZeroMQError.self) {
      try socket.set(.sendHighWaterMark(10), .receiveHighWaterMark(-5))
    }
    #expect(error?.description == "cannot set receiveHighWaterMark(-5): Invalid argument")
    #expect(throws: ZeroMQError.self) { try socket.set(.lingerMs(1 << 40)) }
    #expect(throws: ZeroMQError.self, "PULL does not subscribe") { try socket.set(.subscribe([])) }
  }

  @Test func everyOptionOfAPublisherIsTaken() throws {
    let socket = try Socket(try Context(), .xpub)
    try socket.set(
      .sendHighWaterMark(1), .receiveHighWaterMark(1), .messageByteCountMax(1_048_576),
      .lingerMs(5), .receiveTimeoutMs(1), .sendTimeoutMs(-1), .sendBufferByteCount(65_536),
      .receiveBufferByteCount(65_536), .xpubNoDrop(true), .xpubVerboser(true),
      .immediate(true), .ipv6(true), .reconnectIntervalMs(10), .handshakeTimeoutMs(5_000),
      .tcpKeepalive(true), .tcpKeepaliveIdleS(60),
      .tcpKeepaliveIntervalS(10), .tcpKeepaliveCount(3), .listenBacklog(10))
  }

  @Test(arguments: SocketKind.allCases)
  func everyKindOpens(kind: SocketKind) throws {
    #expect(try Socket(try Context(), kind).kind == kind)
  }
}
