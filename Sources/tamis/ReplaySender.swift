internal import CLinux
internal import CommandFrame
internal import ZeroMQ

/// The sending end of a replay: blocks while the receiver is behind, and loses nothing that it was
/// given as long as there is a receiver.
struct ReplaySender: ~Copyable {
  private let opened: CommandSocket
  private let pattern: SendingPattern
  private let topic: String?
  private let endpoint: String
  private let waitSeconds: Double

  init(
    pattern: SendingPattern, bind: String?, connect: String?, topic: String?, waitSeconds: Double,
    curve: CurveOptions
  ) throws {
    // An XPUB is a PUB that sees its subscribers: with it the first records are not lost.
    let socket = try Socket(
      try Context(), pattern == .push ? .push : .xpub, lingerMs: Int(waitSeconds * 1_000))
    // A PUSH queues only for receivers that are connected: else a short run to an address where
    // nobody listens would end as if it had been sent.
    try socket.set(pattern == .pub ? .xpubNoDrop(true) : .immediate(true))
    opened = try CommandSocket(socket, bind: bind, connect: connect, curve: curve)
    self.pattern = pattern
    self.topic = topic
    self.waitSeconds = waitSeconds
    endpoint = bind ?? connect ?? ""
  }

  private var socket: Socket { opened.socket }

  /// Returns when a PUB socket has a subscriber; a PUSH socket waits with its first message.
  func waitForReceiver() throws {
    guard pattern == .pub else { return }
    var subscription = Message()
    let deadlineNs = monotonicNs() + UInt64(waitSeconds * 1e9)
    while try !socket.receive(into: &subscription) {
      if monotonicNs() > deadlineNs { throw noReceiver("subscribed") }
      tamis_sleep_ns(1_000_000)
    }
  }

  /// Sends one message, waiting while the receiver is behind.
  func send(_ records: UnsafeRawBufferPointer) throws {
    if let topic {
      var name = topic
      try name.withUTF8 { try push(UnsafeRawBufferPointer($0), more: true) }
    }
    try push(records, more: false)
  }

  /// Closes the socket and returns when the rest has left, at most after the waiting time.
  consuming func finish() {}

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
