internal import Testing
internal import ZeroMQ

@Suite struct CurveTests {
  @Test func keysSurviveTheirText() throws {
    let keys = try CurveKeyPair.generate()
    #expect(keys.publicKey != keys.secretKey)
    #expect(keys.publicKey.text.utf8.count == 40)
    #expect(CurveKey(keys.secretKey.text) == keys.secretKey)
    #expect("\(keys)".contains(keys.secretKey.text) == false)
  }

  @Test(arguments: [
    "", "short", String(repeating: "x", count: 41), String(repeating: "~", count: 40),
  ])
  func whatIsNoKeyIsNil(text: String) {
    #expect(CurveKey(text) == nil)
  }

  @Test func strangersDoNotGetIn() throws {
    let serverKeys = try CurveKeyPair.generate()
    let context = try Context()
    let server = try makeSocket(
      context, .pull, [.curveServer(secretKey: serverKeys.secretKey)])
    let monitor = try SocketMonitor(server, kinds: [.handshakeFailedProtocol, .handshakeSucceeded])
    let plain = try makeSocket(context, .push, [.reconnectIntervalMs(-1)])
    let address = try join(server, plain)
    #expect(try eventually { try monitor.next() }?.kind == .handshakeFailedProtocol)

    let client = try makeSocket(
      context, .push,
      [.curveClient(serverKey: serverKeys.publicKey, keys: try CurveKeyPair.generate())])
    try client.connect(address)
    #expect(try client.send("secret", blocking: true))
    #expect(try receiveText(server) == "secret")
    #expect(try eventually { try monitor.next() }?.kind == .handshakeSucceeded)
  }
}
