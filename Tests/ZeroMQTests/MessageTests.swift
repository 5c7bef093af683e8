internal import Testing
internal import ZeroMQ

@Suite struct MessageTests {
  @Test func nothingThereIsFalseNotAnError() throws {
    let context = try Context()
    let pull = try makeSocket(context, .pull)
    try pull.bind("inproc://empty")
    var message = Message()
    #expect(try pull.receive(into: &message) == false)
    #expect(message.byteCount == 0)
  }

  @Test func noPeerIsFalseNotAnError() throws {
    let context = try Context()
    let push = try makeSocket(context, .push)
    try push.bind("inproc://nobody")
    #expect(try push.send("x") == false)
    try push.set(.sendTimeoutMs(1))
    #expect(try push.send("x", blocking: true) == false)
    var message = Message(copying: [1])
    #expect(try push.send(&message) == false)
    #expect(Array(message.bytes) == [1])
  }

  @Test func partsOfAMessageStayTogether() throws {
    let context = try Context()
    let pull = try makeSocket(context, .pull)
    let push = try makeSocket(context, .push)
    try join(pull, push)
    let parts: [[UInt8]] = [[1, 2, 3], [], Array(repeating: 9, count: 100_000)]
    for (index, part) in parts.enumerated() {
      #expect(try send(part, to: push, more: index < 2))
    }
    var message = Message()
    for (index, part) in parts.enumerated() {
      #expect(try pull.receive(into: &message, blocking: true))
      #expect(Array(message.bytes) == part)
      #expect(message.hasMore == (index < 2))
    }
  }

  @Test(arguments: [0, 1, 29, 30, 33, 34, 320, 8_192, 20_480, 1_048_576, 16_777_216])
  func everySizeArrivesWhole(byteCount: Int) throws {
    let context = try Context()
    let pull = try makeSocket(context, .pull)
    let push = try makeSocket(context, .push)
    try join(pull, push)
    let content = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 >> 8) }
    #expect(try send(content, to: push))
    #expect(try receive(pull) == content)
  }

  @Test func oneMessageServesManyReceives() throws {
    let context = try Context()
    let pull = try makeSocket(context, .pull)
    let push = try makeSocket(context, .push)
    try join(pull, push)
    var message = Message()
    for byteCount in [1_000, 3, 0, 5_000, 20] {
      #expect(try send(Array(repeating: 7, count: byteCount), to: push))
      #expect(try pull.receive(into: &message, blocking: true))
      #expect(message.byteCount == byteCount)
      #expect(message.bytes.reduce(0) { $0 + Int($1) } == 7 * byteCount)
    }
  }

  @Test func sentMessageIsEmptiedAndForwarded() throws {
    let context = try Context()
    let pull = try makeSocket(context, .pull)
    let push = try makeSocket(context, .push)
    try join(pull, push)
    let content = [UInt8](repeating: 4, count: 50_000)
    var message = Message(copying: content)
    #expect(try push.send(&message, blocking: true))
    #expect(message.byteCount == 0)
    #expect(try pull.receive(into: &message, blocking: true))
    #expect(Array(message.bytes) == content)
  }

  @Test func tooLargeAMessageCostsItsSenderTheConnection() throws {
    let context = try Context()
    let pull = try makeSocket(context, .pull, [.messageByteCountMax(1_000)])
    let push = try makeSocket(context, .push, [.reconnectIntervalMs(1)])
    let monitor = try SocketMonitor(pull, kinds: [.disconnected])
    try join(pull, push)
    #expect(try send(Array(repeating: 1, count: 1_000), to: push))
    #expect(try receive(pull)?.count == 1_000)
    #expect(try send(Array(repeating: 1, count: 1_001), to: push))
    let event = try eventually { try monitor.next() }
    #expect(event?.kind == .disconnected)
    // The sender comes back and the next good message passes.
    #expect(try send([8], to: push))
    #expect(try receive(pull) == [8])
  }
}
