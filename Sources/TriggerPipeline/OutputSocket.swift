internal import BoundedNumbers
internal import CLinux
internal import CurveSecurity
internal import EventRecords
internal import ZeroMQ

/// The output of the pipeline: a PUB or PUSH socket that never drops in silence.
///
/// For PUB it is an XPUB socket, which sees subscriptions come and go. A record that nobody wants
/// is not sent but waits in the journal. With `XPUB_NODROP` a send fails where a subscriber does
/// not keep up; the record is not lost. Only the library knows at the send whether somebody wants
/// the record. The subscriptions tell when to try.
final class OutputSocket: OutputPort {
  private let socket: Socket
  private let isPublisher: Bool
  private let observer: any PipelineObserver
  private let pressure: ReceiverPressure
  private let held: ParcelQueue
  private var message = Message()
  private var subscriptions = TopicSubscriptions()
  /// Bytes of the topics that each connection has asked for, with a fixed cost for each topic.
  private var topicByteCounts: [UInt64: Int] = [:]
  /// While nobody wants the next record: the time before which another attempt is of no use.
  private var unwantedUntilMs: UInt64 = 0
  /// The last flagged record that was taken. Sending it again finds out whether somebody wants
  /// flagged records.
  private var lastFlagged: [UInt8] = []
  /// Since when it is not certain whether somebody wants flagged records, without a record to find
  /// out with.
  private var doubtSinceMs: UInt64?
  private var hasSentSinceDeparture = false
  private var departures: UInt64 = 0
  private var goneCount: UInt64 = 0
  private var goneMs: UInt64 = 0
  /// The number of the look after which the output held nothing.
  private var emptySinceLook: UInt64?
  /// The endpoints as bound, with wildcard ports resolved.
  let boundEndpoints: [String]

  private static let flaggedTopic: StaticString = "flagged"
  private static let unbiasedTopic: StaticString = "unbiased"
  private static let unflaggedTopic: StaticString = "unflagged"
  /// Receivers send subscriptions alone; a longer message closes the connection. The handshake's
  /// own messages, a few hundred bytes, are under this limit too.
  private static let subscriptionByteCountMax = 1_024
  private static let subscriptionCountMax = 64
  /// What a receiver may send: a handshake and its subscriptions at once, heartbeats for ever.
  private static let burstByteCount = 32_768
  private static let bytesPerSecond = 64
  private static let receiveBufferByteCount = 32_768
  /// Topics that a connection may ask for, over its life; the library remembers each byte.
  private static let topicByteCountMax = 4_096
  private static let topicCost = 16
  private static let connectionCountMax = 1_000
  private static let messagesMax = 1_000
  private static let unwantedMs: UInt64 = 100
  private static let doubtMs: UInt64 = 1_000
  /// The shortest time between two notes of departed receivers of a PUSH, however many go.
  private static let departuresMs: UInt64 = 1_000
  /// Within this time ZeroMQ passes a record to the kernel, where the kernel has room.
  private static let lingerMs = 500

  init(
    context: Context, sockets: SecuredSockets, settings: PipelineSettings,
    recordByteCount: Int, observer: any PipelineObserver
  ) throws {
    // The records of a queue, and those on the way to the kernel.
    held = ParcelQueue(
      count: settings.outputHighWaterMark +| 256, byteCount: recordByteCount)
    let isPublisher = settings.outputPattern == .pub
    let pressure = ReceiverPressure(limitMs: settings.slowReceiverS * 1_000)
    let socket = try Socket(context, isPublisher ? .xpub : .push, lingerMs: Self.lingerMs)
    try socket.set(
      .sendHighWaterMark(settings.outputHighWaterMark),
      .receiveHighWaterMark(Self.subscriptionCountMax),
      .messageByteCountMax(Self.subscriptionByteCountMax),
      .sendBufferByteCount(RepeatWindow.sendBufferByteCount),
      .receiveBufferByteCount(Self.receiveBufferByteCount))
    // A PUSH socket queues only for receivers that are really connected.
    try socket.set(isPublisher ? .xpubNoDrop(true) : .immediate(true))
    boundEndpoints = try sockets.open(
      socket, as: "output", bind: settings.outputBind, connect: settings.outputConnect,
      limits: .trickle(
        burstByteCount: Self.burstByteCount, bytesPerSecond: Self.bytesPerSecond),
      pressure: pressure)
    self.socket = socket
    self.pressure = pressure
    self.isPublisher = isPublisher
    self.observer = observer
  }

  /// Whether a send may succeed now.
  var mayTakeMore: Bool {
    if !isPublisher {
      if isWritable { return true }
      pressure.noteDemand()
      return false
    }
    return isInhabited && nowMs() >= unwantedUntilMs
  }

  var subscriberCount: Int { isPublisher ? subscriptions.count : 0 }

  var hasReceiver: Bool {
    isPublisher ? subscriptions.count > 0 : pressure.connectionCount > 0
  }

  /// Whether a PUB may have a subscriber. A subscription is a hint; a connection is reason enough
  /// to try.
  private var isInhabited: Bool { subscriptions.count > 0 || pressure.connectionCount > 0 }

  var sharingCount: Int { isPublisher ? 1 : max(2, pressure.connectionCount) }

  var heldNumber: UInt64? { held.firstNumber }

  var heldCount: Int { held.count }

  var departureCount: UInt64 { departures }

  var lookCount: UInt64 { pressure.lookCount }

  var isDrained: Bool {
    guard held.firstNumber == nil else {
      emptySinceLook = nil
      return false
    }
    let since = emptySinceLook ?? pressure.lookCount
    emptySinceLook = since
    return pressure.lookCount >= since + 2 && pressure.unsentByteCount == 0
  }

  func forgetHeld() { held.forget() }

  /// Reads the subscriptions that came and went. Cheap when there are none.
  func serviceSubscriptions() {
    noteDepartures()
    guard isPublisher else { return }
    do {
      for _ in 0..<Self.messagesMax {
        guard try socket.receive(into: &message) else { return }
        takeSubscription()
      }
    } catch {
      observer.socketFailed("output: \(error)")
    }
  }

  /// Sends `[topic, record]`; false where the output cannot take it now, or nobody wants it.
  func send(_ record: UnsafeRawBufferPointer, topic: OutputTopic, number: UInt64) -> Bool {
    if isPublisher, !isInhabited { return false }
    pressure.noteDemand()
    do {
      guard try socket.send(name(of: topic), more: true) else {
        pressure.noteRefusal()
        return false
      }
      switch try socket.post(record, number: number, in: held) {
      case .taken:
        hasSentSinceDeparture = true
        emptySinceLook = nil
        if isPublisher, topic == .flagged { noteFlaggedTaken(record) }
        return true
      case .full:
        pressure.noteRefusal()
        return false
      case .nobody: return passes(topic)
      }
    } catch {
      observer.socketFailed("output: \(error)")
      return false
    }
  }

  private func name(of topic: OutputTopic) -> UnsafeRawBufferPointer {
    let name =
      switch topic {
      case .flagged: Self.flaggedTopic
      case .unbiased: Self.unbiasedTopic
      case .unflagged: Self.unflaggedTopic
      }
    return UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
  }

  private var isWritable: Bool { (try? socket.readiness().contains(.sendable)) ?? false }
}

// MARK: - Receivers that come and go

extension OutputSocket {
  private func takeSubscription() {
    let isFromPeer = message.isFromPeer
    if isFromPeer { charge(message.sourceDescriptor, message.byteCount) }
    if subscriptions.note(message.bytes, isFromPeer: isFromPeer) { noteDeparture() }
    unwantedUntilMs = 0
  }

  /// Whether a record that nobody wants may be skipped. A flagged record waits until somebody wants
  /// it. Records of the other topics wait only while nobody wants flagged records either, so that
  /// they do not delay those.
  private func passes(_ topic: OutputTopic) -> Bool {
    if topic != .flagged, isPublisher, isFlaggedWanted() { return true }
    if topic == .flagged { noteNobodyWantsFlagged() }
    unwantedUntilMs = nowMs() + Self.unwantedMs
    return false
  }

  private func noteFlaggedTaken(_ record: UnsafeRawBufferPointer) {
    subscriptions.noteFlaggedTaken()
    doubtSinceMs = nil
    if lastFlagged.count == record.count {
      lastFlagged.withUnsafeMutableBytes { $0.copyMemory(from: record) }
    } else {
      lastFlagged = Array(record)
    }
  }

  private func noteNobodyWantsFlagged() {
    subscriptions.noteNobodyWantsFlagged()
    doubtSinceMs = nil
    noteDeparture()
  }

  /// Whether somebody wants flagged records. In doubt the last one is sent again, since only the
  /// library can tell; receivers recognise it by its number. Where there was none yet, the doubt
  /// lasts a second.
  private func isFlaggedWanted() -> Bool {
    guard subscriptions.hasFlagged else { return false }
    guard subscriptions.isDoubtful else { return true }
    if lastFlagged.isEmpty {
      let since = doubtSinceMs ?? nowMs()
      doubtSinceMs = since
      return nowMs() - since >= Self.doubtMs
    }
    let posted = lastFlagged.withUnsafeBytes { bytes -> Posting? in
      guard let name = try? socket.send(name(of: .flagged), more: true), name else { return nil }
      return try? socket.post(bytes, number: 0, in: held)
    }
    switch posted {
    case .taken: subscriptions.noteFlaggedTaken()
    case .nobody: noteNobodyWantsFlagged()
    default: return false
    }
    return subscriptions.hasFlagged
  }

  private func noteDeparture() {
    guard hasSentSinceDeparture else { return }
    hasSentSinceDeparture = false
    departures += 1
  }

  /// With PUSH each receiver had records that no other got.
  private func noteDepartures() {
    if isPublisher || pressure.goneCount == goneCount { return }
    guard nowMs() - goneMs >= Self.departuresMs else { return }
    goneMs = nowMs()
    goneCount = pressure.goneCount
    noteDeparture()
  }

  /// The library keeps the topics of a connection as long as the connection lives. A connection
  /// that asks for more and more topics is cut off.
  private func charge(_ descriptor: Int, _ byteCount: Int) {
    let connection = connectionIdentity(descriptor)
    guard connection != 0 else { return }
    if topicByteCounts.count >= Self.connectionCountMax { topicByteCounts = [:] }
    let sum = topicByteCounts[connection, default: 0] + byteCount + Self.topicCost
    topicByteCounts[connection] = sum
    if sum > Self.topicByteCountMax { pressure.cut(descriptor) }
  }

  private func nowMs() -> UInt64 { tamis_monotonic_ns() / 1_000_000 }
}

extension OutputTopic {
  /// The topic of a record that was kept for these reasons.
  init(_ reasons: FlagReasons) {
    switch reasons {
    case []: self = .unflagged
    case .unbiased: self = .unbiased
    default: self = .flagged
    }
  }
}

extension PipelineCounters {
  /// The counter of records that went out under a topic.
  func published(_ topic: OutputTopic) -> AtomicCounter {
    switch topic {
    case .flagged: publishedFlagged
    case .unbiased: publishedUnbiased
    case .unflagged: publishedUnflagged
    }
  }
}
