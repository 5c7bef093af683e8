internal import BoundedNumbers
internal import CLinux
internal import CurveSecurity
internal import EventRecords
internal import Glibc
internal import RunFiles
internal import Synchronization
internal import WorkerThreads
internal import ZeroMQ

/// Answers consumers that ask by number for flagged records that they missed.
///
/// A ROUTER socket on a thread of its own reads the journal's files beside the thread that writes
/// them. It can delay decisions only by taking disk bandwidth, which is bounded. Requests are
/// served one by one, peers in turn, each with one bounded reply: a peer that asks without end gets
/// no more than its share.
final class CatchUpServer: @unchecked Sendable {
  // Unchecked: everything but the flag is used by the maker until `start`, and by the thread after.

  /// Where it is bound, wildcard ports resolved.
  let boundEndpoints: [String]
  private let socket: Socket
  private let marks: DeliveryMarks
  private let poller: Poller
  private let observer: any PipelineObserver
  private let counters: CatchUpCounters
  private let journal: JournalState
  private let reader: JournalReader
  private let instance: UInt32
  private let bytesPerSecondMax: UInt64
  private let recordByteCount: Int
  private let header: UnsafeMutableRawBufferPointer
  private let records: UnsafeMutableRawBufferPointer
  private let isEnding = Atomic<Bool>(false)
  private var thread: WorkerThread?
  private var peer = Message()
  private var second = Message()
  private var third = Message()
  private var surplus = Message()
  private var nextReadNs: UInt64 = 0
  /// The library may keep a connection that has ended. When it keeps this many, the socket is renewed.
  private let heldCountMax: Int
  /// Where it listens no more, to listen there again.
  private var closedEndpoints: [String] = []
  private var nextRenewalNs: UInt64 = 0
  /// When it next tries to listen again, and whether it was said that this fails.
  private var nextBindNs: UInt64 = 0
  private var hasToldFailure = false
  /// Bytes read for the reply, those of other working points among them.
  private var readByteCount = 0

  /// A longer request part closes the connection unread.
  private static let requestByteCountMax = 4_096
  /// Bytes that a connection may bring without completing a request. A connection with more is cut
  /// off.
  private static let undeliveredByteCountMax = 262_144
  private static let receiveBufferByteCount = 32_768
  /// Replies that wait for a peer that does not take them.
  private static let repliesQueuedMax = 2
  private static let requestsQueuedMax = 16
  private static let pollMs = 100
  /// A part of `connections_max` that peers may waste, up to this number.
  private static let heldCountMax = 16
  private static let renewalNs: UInt64 = 10_000_000_000
  /// How long it waits before it listens again, and where that fails, as when another program has taken a
  /// port, before it tries once more.
  private static let closingNs: UInt64 = 100_000_000
  private static let retryNs: UInt64 = 1_000_000_000

  /// Binds the socket. Returns nil where no endpoint is configured.
  static func opened(
    context: Context, sockets: SecuredSockets, settings: PipelineSettings, featureCount: Int,
    journal: JournalState, counters: CatchUpCounters, observer: any PipelineObserver
  ) throws -> CatchUpServer? {
    if settings.catchUp.bind.isEmpty { return nil }
    let socket = try makeSocket(context: context)
    let marks = DeliveryMarks()
    let bound = try sockets.open(
      socket, as: "catch_up", bind: settings.catchUp.bind, connect: [],
      limits: .stream(
        marks, undeliveredByteCount: undeliveredByteCountMax, memoryByteCount: .max))
    return CatchUpServer(
      socket: socket, marks: marks, boundEndpoints: bound, settings: settings,
      featureCount: featureCount,
      journal: journal, counters: counters, observer: observer)
  }

  private static func makeSocket(context: Context) throws(ZeroMQError) -> Socket {
    let socket = try Socket(context, .router, lingerMs: 0)
    try socket.set(
      .sendHighWaterMark(repliesQueuedMax), .receiveHighWaterMark(requestsQueuedMax),
      .messageByteCountMax(requestByteCountMax), .receiveBufferByteCount(receiveBufferByteCount),
      .routerMandatory(true),
      // A consumer that comes again, with an identity of its own, before its former connection is known
      // to be gone would never be answered.
      .routerHandover(true))
    return socket
  }

  private init(
    socket: Socket, marks: DeliveryMarks, boundEndpoints: [String], settings: PipelineSettings,
    featureCount: Int,
    journal: JournalState, counters: CatchUpCounters, observer: any PipelineObserver
  ) {
    self.boundEndpoints = boundEndpoints
    self.socket = socket
    self.marks = marks
    poller = Poller([socket])
    self.observer = observer
    self.counters = counters
    self.journal = journal
    reader = JournalReader(folder: settings.journalPath, featureCount: featureCount)
    instance = settings.instance
    heldCountMax = min(Self.heldCountMax, max(1, settings.security.connectionCountMax / 4))
    bytesPerSecondMax = UInt64(settings.catchUp.bytesPerSecondMax)
    recordByteCount = FlaggedRecord.byteCount(featureCount: featureCount)
    header = .allocate(byteCount: CatchUpReply.byteCount, alignment: 8)
    let fitting = max(1, settings.catchUp.replyByteCountMax / recordByteCount)
    records = .allocate(byteCount: fitting * recordByteCount, alignment: 64)
  }

  deinit {
    header.deallocate()
    records.deallocate()
  }

  /// Begins to answer.
  func start() {
    thread = WorkerThread(name: "catch-up") { [self] in
      while !isEnding.load(ordering: .acquiring) { serve() }
    }
  }

  /// Ends the thread after the reply that it is at.
  func stop() {
    isEnding.store(true, ordering: .releasing)
    thread.take()?.join()
  }

  /// Waits for a request and answers it.
  private func serve() {
    do {
      try renew()
      listenAgain()
      guard try poller.wait(timeoutMs: Self.pollMs) > 0 else { return marks.noteEmpty() }
      guard let envelope = try receive() else { return }
      pace()
      try answer(envelope)
    } catch {
      observer.socketFailed("catch-up: \(error)")
      tamis_sleep_ns(UInt64(Self.pollMs) * 1_000_000)
    }
  }

  /// Makes the library let go of connections that have ended, where it keeps too many. Of two peers that
  /// had one identity it reads only one to the end, and then keeps the other until nobody listens. All
  /// consumers are disconnected by that, and come again by themselves.
  private func renew() throws(ZeroMQError) {
    let nowNs = tamis_monotonic_ns()
    let count = marks.heldCount
    guard closedEndpoints.isEmpty, count >= heldCountMax, nowNs >= nextRenewalNs else { return }
    nextRenewalNs = nowNs +| Self.renewalNs
    observer.socketFailed(
      "catch-up: \(count) connections that have ended are not let go of; all consumers are disconnected "
        + "and connect again by themselves. Peers that share a routing identity cause this")
    for endpoint in boundEndpoints {
      try socket.unbind(endpoint)
      closedEndpoints.append(endpoint)
    }
    hasToldFailure = false
    // The library stops listening in a thread of its own.
    nextBindNs = nowNs +| Self.closingNs
  }

  /// Listens again where it does not. An address that is not to be had keeps the others from nothing.
  private func listenAgain() {
    guard !closedEndpoints.isEmpty, tamis_monotonic_ns() >= nextBindNs else { return }
    closedEndpoints.removeAll { endpoint in
      do {
        try socket.bind(endpoint)
        return true
      } catch {
        if !hasToldFailure {
          observer.socketFailed("catch-up: \(error); trying on")
        }
        return false
      }
    }
    hasToldFailure = !closedEndpoints.isEmpty
    nextBindNs = tamis_monotonic_ns() +| Self.retryNs
  }

  /// Waits until the next read is due, in small steps, so that a request to end is noticed soon.
  private func pace() {
    while !isEnding.load(ordering: .acquiring) {
      let nowNs = tamis_monotonic_ns()
      if nowNs >= nextReadNs { return }
      tamis_sleep_ns(min(nextReadNs - nowNs, 50_000_000))
    }
  }
}

// MARK: - Requests

extension CatchUpServer {
  /// The form of a request: with the empty part that a REQ socket puts before it, or without.
  private enum Envelope { case delimited, bare, malformed(isDelimited: Bool) }

  /// Takes a whole message: `[peer, (empty,) request]`. Nil where there is none.
  private func receive() throws(ZeroMQError) -> Envelope? {
    guard try socket.receive(into: &peer) else { return nil }
    guard peer.hasMore else { return nil }
    guard try socket.receive(into: &second) else { return nil }
    marks.mark(second.sourceDescriptor)
    guard second.hasMore else { return .bare }
    let isDelimited = second.byteCount == 0
    guard try socket.receive(into: &third) else { return nil }
    var more = third.hasMore
    if isDelimited && !more { return .delimited }
    while more {
      guard try socket.receive(into: &surplus) else { break }
      more = surplus.hasMore
    }
    return .malformed(isDelimited: isDelimited)
  }

  private func answer(_ envelope: Envelope) throws(ZeroMQError) {
    switch envelope {
    case .delimited: try send(reply(to: third.bytes), isDelimited: true)
    case .bare: try send(reply(to: second.bytes), isDelimited: false)
    case .malformed(let isDelimited):
      try send(refusal(.malformed, tag: 0), isDelimited: isDelimited)
    }
  }

  private func reply(to bytes: UnsafeRawBufferPointer) -> CatchUpReply {
    do {
      return try reply(to: CatchUpRequest(bytes, instance: instance))
    } catch {
      return refusal(error.status, tag: error.tag)
    }
  }

  private func reply(to request: CatchUpRequest) throws(CatchUpRequest.Refusal) -> CatchUpReply {
    var reply = CatchUpReply(
      featureCount: reader.featureCount, tag: request.tag, instance: instance)
    describeJournal(&reply)
    guard request.firstNumber <= reply.lastNumber || request.firstNumber - 1 == reply.lastNumber
    else { throw CatchUpRequest.Refusal(status: .beyond, tag: request.tag) }
    let fitting = min(
      records.count / recordByteCount, max(1, request.byteCountMax / recordByteCount),
      request.recordCountMax)
    let room = UnsafeMutableRawBufferPointer(rebasing: records[..<(fitting * recordByteCount)])
    do {
      let found = try reader.read(
        from: request.firstNumber, through: min(request.lastNumber, reply.lastNumber), into: room)
      reply.gone = found.gone
      readByteCount = found.recordCount * recordByteCount
      reply.recordCount =
        request.workingPoint.map { keep(point: $0, of: found.recordCount) } ?? found.recordCount
      reply.unreadableCount = found.unreadableCount
      reply.nextNumber = found.nextNumber
      for note in reader.takeNotes() {
        observer.journalWarned("catch-up leaves out records of \(note)")
      }
    } catch {
      observer.journalWarned("catch-up cannot read it: \(error)")
      throw CatchUpRequest.Refusal(status: .journal, tag: request.tag)
    }
    return reply
  }

  /// Moves the records of one working point to the front of those read; returns their number.
  private func keep(point: Int, of count: Int) -> Int {
    UnsafeMutableRawBufferPointer(rebasing: records[..<(count * recordByteCount)])
      .compactRecords(byteCount: recordByteCount) { record, _ in
        let view = FlaggedRecordView(record, featureCount: reader.featureCount)
        return view.workingPoints >> UInt16(point) & 1 == 1
      }
  }

  private func refusal(_ status: CatchUpStatus, tag: UInt64) -> CatchUpReply {
    var reply = CatchUpReply(
      status: status, featureCount: reader.featureCount, tag: tag, instance: instance)
    describeJournal(&reply)
    reply.nextNumber = reply.lastNumber +| 1
    return reply
  }

  /// The last number is read before the records are: all up to it are whole.
  private func describeJournal(_ reply: inout CatchUpReply) {
    reply.lastNumber = journal.lastNumber.value
    reply.publishedNumber = min(journal.publishedNumber.value, reply.lastNumber)
    reply.oldestNumber = journal.oldestNumber.value
  }
}

// MARK: - Replies

extension CatchUpServer {
  /// Sends `[peer, (empty,) header, records]`. A peer that has gone or does not read loses its reply
  /// and asks again if it wants to.
  private func send(_ reply: CatchUpReply, isDelimited: Bool) throws(ZeroMQError) {
    reply.encode(into: header)
    let byteCount = reply.recordCount * recordByteCount
    noteRead(max(byteCount, readByteCount))
    readByteCount = 0
    guard try sendAddress() else {
      counters.unanswered.add()
      return
    }
    counters.requests(reply.status).add()
    if isDelimited { _ = try socket.send(UnsafeRawBufferPointer(start: nil, count: 0), more: true) }
    _ = try socket.send(UnsafeRawBufferPointer(header), more: true)
    _ = try socket.send(UnsafeRawBufferPointer(rebasing: records[..<byteCount]), more: false)
    counters.records.add(UInt64(reply.recordCount))
    counters.unreadable.add(UInt64(reply.unreadableCount))
  }

  /// Whether the peer is there and takes a reply.
  private func sendAddress() throws(ZeroMQError) -> Bool {
    do {
      return try socket.send(peer.bytes, more: true)
    } catch .call(.send, code: EHOSTUNREACH) {
      return false
    }
  }

  /// Delays the next read, so that the journal is not read faster than allowed. A refusal counts a
  /// little, too.
  private func noteRead(_ byteCount: Int) {
    guard bytesPerSecondMax > 0 else { return }
    let cost = UInt64(byteCount + Self.requestByteCountMax)
    nextReadNs = tamis_monotonic_ns() + cost * 1_000_000_000 / bytesPerSecondMax
  }
}
