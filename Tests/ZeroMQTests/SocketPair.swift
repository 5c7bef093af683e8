internal import Glibc
internal import ZeroMQ

/// A socket whose blocking calls end after 60 s, so that a broken test fails instead of hanging.
func makeSocket(
  _ context: Context, _ kind: SocketKind, _ options: [SocketOption] = []
) throws -> Socket {
  let socket = try Socket(context, kind)
  try socket.set([.receiveTimeoutMs(60_000), .sendTimeoutMs(60_000)] + options)
  return socket
}

/// Binds `server` to a free loopback port, connects `client` to it, and returns the address.
@discardableResult
func join(_ server: Socket, _ client: Socket) throws -> String {
  try server.bind("tcp://127.0.0.1:*")
  let address = try server.lastEndpoint()
  try client.connect(address)
  return address
}

/// Receives one part as bytes, waiting for it; nil where none came in 60 s.
func receive(_ socket: Socket) throws -> [UInt8]? {
  var message = Message()
  guard try socket.receive(into: &message, blocking: true) else { return nil }
  return Array(message.bytes)
}

/// Receives one part as text, waiting for it.
func receiveText(_ socket: Socket) throws -> String? {
  try receive(socket).map { String(decoding: $0, as: UTF8.self) }
}

/// Sends bytes, waiting for room.
func send(_ bytes: [UInt8], to socket: Socket, more: Bool = false) throws -> Bool {
  try bytes.withUnsafeBytes { try socket.send($0, more: more, blocking: true) }
}

/// Repeats `attempt` until it yields something, at most 60 s long.
func eventually<Value>(_ attempt: () throws -> Value?) rethrows -> Value? {
  let end = ContinuousClock.now + .seconds(60)
  while true {
    if let value = try attempt() { return value }
    if ContinuousClock.now > end { return nil }
    usleep(1_000)
  }
}

/// Runs `body` on a thread of its own; the result joins it.
func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
  let start = Unmanaged.passRetained(ThreadBody(body))
  var thread = pthread_t()
  let code = pthread_create(&thread, nil, runThreadBody, start.toOpaque())
  precondition(code == 0)
  return thread
}

private final class ThreadBody: Sendable {
  let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

private func runThreadBody(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().body()
  return nil
}
