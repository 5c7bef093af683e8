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
  /// Whether flagged records have passed, or may have been lost, that a subscriber to all of them
  /// would have got. The next one that comes gets the last records.
  private var isWholeOwed = false
  private var pointTopic = PointTopic()
  private var departures: UInt64 = 0
  /// Of the departures that were not taken yet: the number after which records may be lost with them.
  private var goneAfter: UInt64?
  private var goneCount: UInt64 = 0
  private var slowGoneCount: UInt64 = 0
  /// Of the departures that are not answered yet: the number after which records may be lost with them.
  private var pendingAfter: UInt64?
  /// The last number that went out, and the last one that did while there was one receiver.
  private var lastNumber: UInt64 = 0
  private var aloneNumber: UInt64 = 0
  private let repeatCount: UInt64
  /// When departures were last answered.
  private var answeredMs: UInt64?
  /// Answers that newcomers get, too, and may lose.
  private var answerPatience = RepeatPatience()
  private var wholePatience = RepeatPatience()
  /// After a departure: until when nothing is sent.
  private var settlesMs: UInt64?
  /// The last look at the receivers before departures were last taken note of.
  private(set) var lookCount: UInt64 = 0
  /// The number of the look after which the output held nothing.
  private var emptySinceLook: UInt64?
  /// The endpoints as bound, with wildcard ports resolved.
  let boundEndpoints: [String]

  private static let unbiasedTopic: StaticString = "unbiased"
  private static let unflaggedTopic: StaticString = "unflagged"
  /// Subscriptions that wait for this thread, for each connection. The library takes all that wait at
  /// once, and whenever a connection ends it goes through all topics of all connections.
  private static let subscriptionCountMax = 4
  private static let receiveBufferByteCount = 4_096
  private static let bytesPerSecond = 64
  /// Topics that a connection may ask for, over its life; the library remembers each byte. Room for
  /// one working point up to the eighth (128 beginnings of 16 bytes, with their cost).
  private static let topicByteCountMax = 8_192
  private static let topicCost = 16
  private static let connectionCountMax = 1_000
  private static let messagesMax = 1_000
  private static let unwantedMs: UInt64 = 100
  private static let doubtMs: UInt64 = 1_000
  /// The shortest time between two answers to departed receivers, however many go.
  private static let answersMs: UInt64 = 1_000
  /// A receiver that came later than this, where one is there that came before, may be one that comes and
  /// goes for ever.
  private static let newcomerMs: Int64 = 10_000
  /// The library passes records to a receiver that has gone until this thread and its own have agreed on
  /// the end of the connection, which takes them two exchanges.
  private static let settlingMs: UInt64 = 100
  /// Within this time ZeroMQ passes a record to the kernel, where the kernel has room.
  private static let lingerMs = 500

  init(
    context: Context, sockets: SecuredSockets, settings: PipelineSettings,
    recordByteCount: Int, observer: any PipelineObserver
  ) throws {
    // The records of a queue, and those on the way to the kernel.
    held = ParcelQueue(
      count: settings.outputHighWaterMark +| 256, byteCount: recordByteCount)
    let kind: SocketKind =
      switch settings.outputPattern {
      case .pub: .xpub
      case .push: .push
      }
    let isPublisher = kind == .xpub
    let pressure = ReceiverPressure(limitMs: settings.slowReceiverS * 1_000)
    let limits = ReceiverLimits(hasKeys: sockets.hasKeys)
    let socket = try Socket(context, kind, lingerMs: Self.lingerMs)
    try socket.set(
      .sendHighWaterMark(settings.outputHighWaterMark),
      // What receivers send to a PUSH is never taken. Without room for it the library would not read them any
      // more, nor notice that they go. How much they may send is limited below.
      .receiveHighWaterMark(isPublisher ? Self.subscriptionCountMax : 0),
      .messageByteCountMax(limits.messageByteCountMax),
      .sendBufferByteCount(RepeatWindow.sendBufferByteCount),
      .receiveBufferByteCount(Self.receiveBufferByteCount))
    // A PUSH socket queues only for receivers that are really connected.
    try socket.set(isPublisher ? .xpubNoDrop(true) : .immediate(true))
    boundEndpoints = try sockets.open(
      socket, as: "output", bind: settings.outputBind, connect: settings.outputConnect,
      limits: .trickle(
        burstByteCount: limits.burstByteCount, bytesPerSecond: Self.bytesPerSecond),
      pressure: pressure)
    self.socket = socket
    self.pressure = pressure
    self.isPublisher = isPublisher
    self.observer = observer
    repeatCount = RepeatWindow.recordCount(settings, recordByteCount: recordByteCount)
  }

  /// Whether a send may succeed now.
  var mayTakeMore: Bool {
    if settlesMs != nil { return false }
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

  /// What may be lost with a receiver that has gone counts as held until it is sent again.
  var heldNumber: UInt64? {
    guard let pendingAfter else { return held.firstNumber }
    return min(held.firstNumber ?? .max, pendingAfter +| 1)
  }

  var heldCount: Int { held.count }

  var departureCount: UInt64 { departures }

  var isDrained: Bool {
    guard heldNumber == nil else {
      emptySinceLook = nil
      return false
    }
    let since = emptySinceLook ?? pressure.lookCount
    emptySinceLook = since
    return pressure.lookCount >= since + 2 && pressure.unsentByteCount == 0
  }

  func takeGoneAfter() -> UInt64 {
    defer { goneAfter = nil }
    return goneAfter ?? 0
  }

  func goBack(to number: UInt64) {
    held.forget(after: number)
    pressure.noteGoneBack(to: number)
    goneAfter = goneAfter.map { min($0, number) }
    pendingAfter = pendingAfter.map { min($0, number) }
  }

  /// Reads the subscriptions that came and went. Cheap when there are none.
  func serviceSubscriptions() {
    noteDepartures()
    guard isPublisher else { return }
    do {
      for _ in 0..<Self.messagesMax {
        guard try socket.receive(into: &message) else { break }
        takeSubscription()
      }
      answerWhole()
    } catch {
      observer.socketFailed("output: \(error)")
    }
  }

  /// Sends `[topic, record]`; false where the output cannot take it now, or nobody wants it.
  func send(_ record: UnsafeRawBufferPointer, topic: OutputTopic, number: UInt64) -> Bool {
    if settlesMs != nil || isPublisher && !isInhabited { return false }
    pressure.noteDemand()
    do {
      guard try send(topic, of: record) else {
        pressure.noteRefusal()
        return false
      }
      switch try socket.post(record, number: number, in: held) {
      case .taken:
        hasSentSinceDeparture = true
        emptySinceLook = nil
        lastNumber = max(lastNumber, number)
        pressure.noteSent(number)
        if pressure.connectionCount < 2 { aloneNumber = max(aloneNumber, number) }
        if isPublisher, topic == .flagged { noteFlaggedTaken(record) }
        return true
      case .full:
        pressure.noteRefusal()
        return false
      case .nobody: return passes(topic, record)
      }
    } catch {
      observer.socketFailed("output: \(error)")
      return false
    }
  }

  /// Sends the topic part. While somebody takes working points alone, that of flagged records names
  /// those of `record`.
  private func send(_ topic: OutputTopic, of record: UnsafeRawBufferPointer) throws -> Bool {
    let name: StaticString
    switch topic {
    case .flagged:
      return try flaggedTopic(of: record).withUnsafeBytes { try socket.send($0, more: true) }
    case .unbiased: name = Self.unbiasedTopic
    case .unflagged: name = Self.unflaggedTopic
    }
    return try socket.send(
      UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), more: true)
  }

  private func flaggedTopic(of record: UnsafeRawBufferPointer) -> [UInt8] {
    guard subscriptions.hasPoints else { return PointTopic.flagged }
    return wholeTopic(of: record)
  }

  /// With the working points, whether the record goes out with them or not: subscriptions to
  /// `flagged` match either.
  private func wholeTopic(of record: UnsafeRawBufferPointer) -> [UInt8] {
    guard let base = record.baseAddress else { return PointTopic.flagged }
    pointTopic.set(FlaggedRecordView(base, featureCount: 0).workingPoints)
    return pointTopic.bytes
  }

  private var isWritable: Bool { (try? socket.readiness().contains(.sendable)) ?? false }
}

// MARK: - Receivers that come and go

extension OutputSocket {
  private func takeSubscription() {
    let isFromPeer = message.isFromPeer
    if isFromPeer { charge(message.sourceDescriptor, message.byteCount) }
    switch subscriptions.note(message.bytes, isFromPeer: isFromPeer) {
    case .none: break
    case .lastWent: noteDeparture()
    case .wholeWent: isWholeOwed = true
    case .wholeCame: break
    }
    unwantedUntilMs = 0
  }

  /// Sends the last records again for a subscriber to all flagged records that has come after some had
  /// passed; seldom, so that one that comes and goes for ever does not keep the others from what is new.
  private func answerWhole() {
    guard isWholeOwed, subscriptions.hasWhole, wholePatience.isOver(nowMs: nowMs()) else { return }
    isWholeOwed = false
    wholePatience.begin(nowMs: nowMs())
    addDeparture(after: 0)
  }

  /// Whether a record that nobody wants may be skipped. A flagged record waits until somebody wants
  /// it, unless others are there who want flagged records of other working points. Records of the
  /// other topics wait only while nobody wants flagged records either, so that they do not delay
  /// those.
  private func passes(_ topic: OutputTopic, _ record: UnsafeRawBufferPointer) -> Bool {
    guard isPublisher else { return false }
    if topic == .flagged { noteNobodyWants(record) }
    if isFlaggedWanted() {
      if topic == .flagged { isWholeOwed = true }
      return true
    }
    unwantedUntilMs = nowMs() + Self.unwantedMs
    return false
  }

  private func noteFlaggedTaken(_ record: UnsafeRawBufferPointer) {
    if subscriptions.isDoubtful { subscriptions.noteTaken(wholeTopic(of: record)) }
    doubtSinceMs = nil
    if lastFlagged.count == record.count {
      lastFlagged.withUnsafeMutableBytes { $0.copyMemory(from: record) }
    } else {
      lastFlagged = Array(record)
    }
  }

  private func noteNobodyWants(_ record: UnsafeRawBufferPointer) {
    let hadFlagged = subscriptions.hasFlagged
    subscriptions.noteNobodyWants(wholeTopic(of: record))
    if !hadFlagged || !subscriptions.hasFlagged {
      doubtSinceMs = nil
      noteDeparture()
    }
  }

  /// Whether somebody wants flagged records, all or some. In doubt the last one that was taken is
  /// sent again, since only the library can tell; receivers recognise it by its number. Where that
  /// would show nothing, the doubt lasts a second.
  private func isFlaggedWanted() -> Bool {
    if subscriptions.isCertain { return true }
    guard subscriptions.hasFlagged else { return false }
    let topic = lastFlagged.withUnsafeBytes { wholeTopic(of: $0) }
    if lastFlagged.isEmpty || !subscriptions.isDoubtful(about: topic) {
      let since = doubtSinceMs ?? nowMs()
      doubtSinceMs = since
      return nowMs() - since >= Self.doubtMs
    }
    return lastFlagged.withUnsafeBytes { bytes in
      let posted: Posting? =
        switch try? send(.flagged, of: bytes) {
        case true?: try? socket.post(bytes, number: 0, in: held)
        default: nil
        }
      switch posted {
      case .taken: subscriptions.noteTaken(topic)
      case .nobody: noteNobodyWants(bytes)
      default: return false
      }
      return subscriptions.isCertain
    }
  }

  private func noteDeparture() {
    guard hasSentSinceDeparture else { return }
    hasSentSinceDeparture = false
    addDeparture(after: 0)
  }

  private func addDeparture(after number: UInt64) {
    departures += 1
    goneAfter = min(goneAfter ?? .max, number)
  }

  /// Each receiver may have had records that no other got: with PUSH it had its share, and with PUB it
  /// may have been alone for a time. The library itself tells only of the last subscriber that goes,
  /// and not where the next one comes before the connection of the last has ended.
  private func noteDepartures() {
    if let settlesMs {
      guard nowMs() >= settlesMs else { return }
      answerDepartures()
    }
    // Departures before this look are taken note of here.
    lookCount = pressure.lookCount
    if othersHadAll { slowGoneCount = pressure.slowGoneCount }
    if pressure.goneCount != goneCount || pressure.slowGoneCount != slowGoneCount {
      goneCount = pressure.goneCount
      let after = pressure.takeGoneAfter()
      let isSlow = pressure.slowGoneCount != slowGoneCount
      slowGoneCount = pressure.slowGoneCount
      pendingAfter = min(pendingAfter ?? .max, isSlow ? 0 : after)
    }
    guard pendingAfter != nil else { return }
    let nowMs = nowMs()
    if let answeredMs, nowMs - answeredMs < Self.answersMs { return }
    if pressure.hasNewcomer(sinceMs: Self.newcomerMs) {
      // All that are there get the records again, and may lose them in their turn. Where one comes and
      // goes for ever, each answer would turn back to where the first one did. Where others stay, the
      // answer therefore waits for a moment without it.
      guard answerPatience.isOver(nowMs: nowMs) else { return }
      answerPatience.begin(nowMs: nowMs)
    }
    answeredMs = nowMs
    settlesMs = nowMs + Self.settlingMs
  }

  private func answerDepartures() {
    settlesMs = nil
    let number = pendingAfter ?? 0
    pendingAfter = nil
    // What was sent before it came is not sent again: one receiver that comes and goes for ever would
    // keep all others from what is new. But that may still be lost with one that goes next.
    if number == 0 {
      noteDeparture()
    } else if hasSentSinceDeparture {
      addDeparture(after: number)
    }
  }

  /// Whether another subscriber has got all that a slow one may not have read, so that it catches up by
  /// number. Sent again, the records would make it still slower.
  private var othersHadAll: Bool {
    isPublisher && (aloneNumber == 0 || lastNumber - aloneNumber >= repeatCount)
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

/// What a receiver may send: its handshake and its subscriptions at once, then heartbeats.
///
/// A subscription costs memory and time for each of its bytes, so that no more is let in than a
/// receiver needs. With keys the handshake is longer, and each message has 41 bytes of encryption.
private struct ReceiverLimits {
  /// A longer message closes the connection: the READY of a handshake with the longest identity has
  /// 301 bytes, and an INITIATE with one 552.
  var messageByteCountMax: Int
  /// All the topics that a connection may ask for, and the handshake.
  var burstByteCount: Int

  init(hasKeys: Bool) {
    messageByteCountMax = hasKeys ? 640 : 320
    burstByteCount = hasKeys ? 20_480 : 10_240
  }
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
