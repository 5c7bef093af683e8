internal import CLinux
internal import CommandFrame
internal import NumberText
internal import ZeroMQ

/// The sending end of a replay: it blocks while the receiver is behind, and loses no message as
/// long as there is a receiver.
struct ReplaySender: ~Copyable {
  private let opened: CommandSocket
  private let pattern: SendingPattern
  private let topic: String?
  private let endpoint: String
  private let waitSeconds: Double
  private let stop: StopRequest
  private let subscriptions = Subscriptions()

  init(
    pattern: SendingPattern, at peers: EndpointOptions, topic: String?, waitSeconds: Double,
    stop: StopRequest
  ) throws {
    // An XPUB is a PUB that sees its subscribers: with it the first records are not lost.
    let socket = try Socket(
      try Context(), pattern == .push ? .push : .xpub, lingerMs: Int(waitSeconds * 1_000))
    // A PUSH queues only for receivers that are connected. Otherwise a short run to an address
    // where nobody listens would seem to have been sent.
    if pattern == .pub {
      try socket.set(.xpubNoDrop(true), .xpubVerboser(true))
    } else {
      try socket.set(.immediate(true))
    }
    opened = try CommandSocket(socket, at: peers)
    self.pattern = pattern
    self.topic = topic
    self.waitSeconds = waitSeconds
    self.stop = stop
    endpoint = peers.endpoint
  }

  private var socket: Socket { opened.socket }

  /// Returns when a PUB socket has `count` subscribers; a PUSH socket waits with its first message.
  func waitForReceivers(_ count: Int) throws {
    guard pattern == .pub else { return }
    let startNs = monotonicNs()
    while true {
      try subscriptions.update(from: socket)
      if subscriptions.subscriberCount >= count { return }
      try pause(ns: 1_000_000, since: startNs, "subscribed")
    }
  }

  /// Sends one message, waiting while the receiver is behind.
  func send(_ records: UnsafeRawBufferPointer) throws {
    if pattern == .pub {
      try subscriptions.update(from: socket)
      // Without a subscriber the socket would drop everything.
      if subscriptions.count < 1 { try waitForReceivers(1) }
    }
    if let topic {
      var name = topic
      try name.withUTF8 { try push(UnsafeRawBufferPointer($0), more: true) }
    }
    try push(records, more: false)
  }

  /// Closes the socket and returns when all messages have left. Returns false after the waiting
  /// time, or a second after a request to end.
  consuming func finish() -> Bool {
    let limit = stop.isMade ? min(1, waitSeconds) : waitSeconds
    try? socket.set(.lingerMs(Int(limit * 1_000)))
    let startNs = monotonicNs()
    close()
    return Double(monotonicNs() - startNs) * 1e-9 < limit || limit == 0
  }

  private consuming func close() {}

  private func push(_ bytes: UnsafeRawBufferPointer, more: Bool) throws {
    if try socket.send(bytes, more: more) { return }
    let startNs = monotonicNs()
    while try !socket.send(bytes, more: more) { try pause(ns: 50_000, since: startNs, "read") }
  }

  private func pause(ns: UInt64, since startNs: UInt64, _ verb: String) throws {
    if stop.look() { throw Interrupted() }
    if Double(monotonicNs() - startNs) * 1e-9 > waitSeconds { throw noReceiver(verb) }
    tamis_sleep_ns(ns)
  }

  private var waitText: String {
    waitSeconds == 0
      ? "at once"
      : "for \(short(waitSeconds)) second\(waitSeconds == 1 ? "" : "s")"
  }

  private func noReceiver(_ verb: String) -> NegativeAnswer {
    NegativeAnswer(
      description: "\(endpoint): nobody \(verb) \(waitText); "
        + "start the receiver, check the address, or wait longer with --wait")
  }
}

/// What a PUB socket is subscribed to, and by how many.
private final class Subscriptions {
  /// Subscriptions, over all subscribers.
  private(set) var count = 0
  /// The topics that each connection has, with those that it has twice.
  private var topics: [PeerConnection: Int] = [:]
  private var message = Message()

  /// Connections that have subscribed to something and are there: however many topics each has, and
  /// whoever came before and has gone.
  var subscriberCount: Int {
    topics = topics.filter { $0.value > 0 && $0.key.isOpen }
    return topics.count
  }

  /// Counts those that have come and gone since the last call.
  func update(from socket: Socket) throws {
    while try socket.receive(into: &message) {
      let change =
        switch message.bytes.first {
        case 1: 1
        case 0: -1
        default: 0
        }
      count += change
      if let connection = PeerConnection(of: message) { topics[connection, default: 0] += change }
    }
  }
}
