internal import CurveSecurity
internal import Glibc
internal import Synchronization
internal import TestSupport
internal import Testing
internal import ZeroMQ

@Suite struct SecuredSocketsTests {
  private let folder = TemporaryFolder()

  /// One socket that binds for clients and connects to two servers, each with a key of its own.
  @Test func oneSocketServesClientsAndIsAClient() throws {
    let own = try CurveKeyPair.generate()
    let client = try CurveKeyPair.generate()
    let servers = try (0..<2).map { _ in try CurveKeyPair.generate() }
    let context = try Context()
    let pushers = try servers.map { keys in
      let socket = try Socket(context, .push)
      try socket.set(.curveServer(secretKey: keys.secretKey), .sendTimeoutMs(60_000))
      try socket.bind("tcp://127.0.0.1:*")
      return socket
    }
    var security = SocketSecurity()
    security.keys = own
    security.clients = [client.publicKey: "client"]
    for (pusher, keys) in zip(pushers, servers) {
      security.servers.byAddress[try pusher.lastEndpoint()] = keys.publicKey
    }
    let other = try Context()
    let sockets = try SecuredSockets(other, security)
    let socket = try Socket(other, .pull)
    try socket.set(.receiveTimeoutMs(60_000))
    let bound = try sockets.open(
      socket, as: "input", bind: ["tcp://127.0.0.1:*"],
      connect: try pushers.map { try $0.lastEndpoint() })
    let thread = startThread { try? sockets.run() }
    let guest = try Socket(context, .push)
    try guest.set(
      .curveClient(serverKey: own.publicKey, keys: client), .sendTimeoutMs(60_000))
    try guest.connect(try #require(bound.first))
    for sender in pushers + [guest] { #expect(try sender.send("x", blocking: true)) }
    var message = Message()
    for _ in 0..<3 { #expect(try socket.receive(into: &message, blocking: true)) }
    // A message may come before its connection was counted.
    for _ in 0..<60_000 where sockets.counts[0].figures.accepted < 3 { usleep(1_000) }
    sockets.stop()
    pthread_join(thread, nil)
    #expect(sockets.counts.map(\.socket) == ["input"])
    #expect(sockets.counts[0].figures.accepted == 3)
  }

  @Test func aServerWithoutAKeyIsNamed() throws {
    var security = SocketSecurity()
    security.keys = try CurveKeyPair.generate()
    let context = try Context()
    let sockets = try SecuredSockets(context, security)
    let fault = #expect(throws: (any Error).self) {
      try sockets.open(
        try Socket(context, .pull), as: "input", bind: [], connect: ["tcp://127.0.0.1:9"])
    }
    #expect("\(fault as Any)".contains("tcp://127.0.0.1:9"))
  }

  @Test func aBadListLeavesTheOldOne() throws {
    let keys = try (0..<3).map { _ in try CurveKeyPair.generate().publicKey.text }
    let path = try folder.write("\(keys[0])  a\n\(keys[1])  b\n", mode: 0o644)
    let pair = folder("own.key")
    try writeKeyPair(try CurveKeyPair.generate(), to: pair, name: "own", replacing: false)
    let security = try SocketSecurity(
      SecurityFiles(keyPair: KeyFile(pair), clients: KeyFile(path)))
    let sockets = try SecuredSockets(try Context(), security)
    func reload() throws -> [Int]? {
      try sockets.reloadClients().map { [$0.count, $0.added, $0.removed] }
    }
    func rewrite(_ text: String) {
      let descriptor = open(path, O_WRONLY | O_TRUNC)
      _ = text.withCString { write(descriptor, $0, strlen($0)) }
      close(descriptor)
    }
    rewrite("\(keys[0])  a\n\(keys[2])  c\n")
    #expect(try reload() == [2, 1, 1])
    rewrite("\(keys[0])  a\nnonsense\n")
    #expect(throws: (any Error).self) { try sockets.reloadClients() }
    rewrite("\(keys[0])  a\n\(keys[2])  c\n")
    #expect(try reload() == [2, 0, 0])
  }

  @Test func plainSocketsHaveNoListToRead() throws {
    #expect(try SecuredSockets(try Context(), SocketSecurity()).reloadClients() == nil)
  }
}

/// Runs `body` on a thread of its own; the result joins it.
private func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
  final class Start: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  let start = Unmanaged.passRetained(Start(body))
  var thread = pthread_t()
  let code = pthread_create(
    &thread, nil,
    { @Sendable argument in
      if let argument { Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body() }
      return nil
    }, start.toOpaque())
  precondition(code == 0)
  return thread
}
