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

  /// Several subscribers are counted when no subscription has come or gone for this long.
  private static let settlingNs: UInt64 = 200_000_000

  /// Returns when a PUB socket has `count` subscribers; a PUSH socket waits with its first message.
  func waitForReceivers(_ count: Int) throws {
    guard pattern == .pub else { return }
    let startNs = monotonicNs()
    var changedNs = startNs
    while true {
      if try subscriptions.update(from: socket) { changedNs = monotonicNs() }
      // A subscriber may have several topics, or come twice before its old connection is given up: there
      // are as many connections as well, and nothing has changed for a while.
      if subscriptions.count >= count, count == 1 || opened.connectionCount >= count,
        count == 1 || monotonicNs() - changedNs >= Self.settlingNs
      {
        return
      }
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

/// How many subscriptions a PUB socket has.
private final class Subscriptions {
  private(set) var count = 0
  private var message = Message()

  /// Counts those that have come and gone since the last call; returns whether there were any.
  @discardableResult
  func update(from socket: Socket) throws -> Bool {
    var hasChanged = false
    while try socket.receive(into: &message) {
      hasChanged = true
      switch message.bytes.first {
      case 1: count += 1
      case 0: count -= 1
      default: break
      }
    }
    return hasChanged
  }
}
