internal import CLinux
internal import CommandFrame
internal import ZeroMQ

/// The sending end of a replay: blocks while the receiver is behind, and loses nothing that it was
/// given as long as there is a receiver.
struct ReplaySender {
  private let socket: Socket
  private let pattern: SendingPattern
  private let topic: String?
  private let endpoint: String
  private let waitSeconds: Double

  init(
    pattern: SendingPattern, bind: String?, connect: String?, topic: String?, waitSeconds: Double
  ) throws {
    let context = try Context()
    // An XPUB is a PUB that sees its subscribers: with it the first records are not lost.
    socket = try Socket(
      context, pattern == .push ? .push : .xpub, lingerMs: Int(waitSeconds * 1_000))
    self.pattern = pattern
    self.topic = topic
    self.waitSeconds = waitSeconds
    if pattern == .pub { try socket.set(.xpubNoDrop(true)) }
    endpoint = bind ?? connect ?? ""
    if let bind { try socket.bind(bind) }
    if let connect { try socket.connect(connect) }
  }

  /// Returns when a PUB socket has a subscriber; a PUSH socket waits with its first message.
  mutating func waitForReceiver() throws {
    guard pattern == .pub else { return }
    var subscription = Message()
    let deadlineNs = monotonicNs() + UInt64(waitSeconds * 1e9)
    while try !socket.receive(into: &subscription) {
      if monotonicNs() > deadlineNs { throw noReceiver("subscribed") }
      tamis_sleep_ns(1_000_000)
    }
  }

  /// Sends one message, waiting while the receiver is behind.
  mutating func send(_ records: UnsafeRawBufferPointer) throws {
    if let topic {
      var name = topic
      try name.withUTF8 { try push(UnsafeRawBufferPointer($0), more: true) }
    }
    try push(records, more: false)
  }

  /// The rest leaves when the socket closes, for at most the waiting time.
  mutating func finish() throws {}

  private func push(_ bytes: UnsafeRawBufferPointer, more: Bool) throws {
    if try socket.send(bytes, more: more) { return }
    let startNs = monotonicNs()
    while try !socket.send(bytes, more: more) {
      if Double(monotonicNs() - startNs) * 1e-9 > waitSeconds { throw noReceiver("read") }
      tamis_sleep_ns(50_000)
    }
  }

  private func noReceiver(_ verb: String) -> NegativeAnswer {
    NegativeAnswer(
      description: "\(endpoint): nobody \(verb) for \(Int(waitSeconds)) seconds; "
        + "start the receiver, check the address, or wait longer with --wait")
  }
}
