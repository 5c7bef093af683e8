internal import CurveSecurity
internal import EventRecords
internal import ZeroMQ

/// The output of the pipeline: a PUB or PUSH socket that never drops in silence.
///
/// PUB is an XPUB that sees subscriptions come and go: while nobody subscribes nothing is sent, so
/// records wait in the journal and not in the void; and with `XPUB_NODROP` a subscriber that does
/// not keep up makes the send fail rather than lose the record.
final class OutputSocket: OutputPort {
  private let socket: Socket
  private let isPublisher: Bool
  private let observer: any PipelineObserver
  private var subscription = Message()
  private(set) var subscriberCount = 0
  /// The endpoints as bound, with wildcard ports resolved.
  let boundEndpoints: [String]

  private static let flaggedTopic: StaticString = "flagged"
  private static let unbiasedTopic: StaticString = "unbiased"
  private static let unflaggedTopic: StaticString = "unflagged"
  /// Receivers send subscriptions alone; a longer message closes the connection. The handshake's
  /// own messages, a few hundred bytes, are under this limit too.
  private static let subscriptionByteCountMax = 4_096
  private static let subscriptionCountMax = 1_000

  init(
    context: Context, sockets: SecuredSockets, settings: PipelineSettings,
    observer: any PipelineObserver
  ) throws {
    let isPublisher = settings.outputPattern == .pub
    // What is queued at the end still has this long to leave; the rest is in the journal.
    let socket = try Socket(context, isPublisher ? .xpub : .push, lingerMs: 2_000)
    try socket.set(
      .sendHighWaterMark(settings.outputHighWaterMark),
      .receiveHighWaterMark(Self.subscriptionCountMax),
      .messageByteCountMax(Self.subscriptionByteCountMax))
    // A PUSH socket queues only for receivers that are really connected.
    try socket.set(
      isPublisher ? [.xpubNoDrop(true), .xpubVerboser(true)] : [.immediate(true)])
    boundEndpoints = try sockets.open(
      socket, as: "output", bind: settings.outputBind, connect: settings.outputConnect)
    self.socket = socket
    self.isPublisher = isPublisher
    self.observer = observer
  }

  /// Whether a send may succeed now.
  var mayTakeMore: Bool { isPublisher ? subscriberCount > 0 : isWritable }

  /// Reads the subscriptions that came and went. Cheap when there are none.
  func serviceSubscriptions() {
    guard isPublisher else { return }
    do {
      while try socket.receive(into: &subscription) {
        guard let change = subscription.bytes.first else { continue }
        subscriberCount = max(0, subscriberCount + (change == 1 ? 1 : -1))
      }
    } catch {
      observer.socketFailed("output: \(error)")
    }
  }

  /// Sends `[topic, record]`; false where the output cannot take it now.
  func send(_ record: UnsafeRawBufferPointer, topic: OutputTopic) -> Bool {
    guard hasReceiverForSend else { return false }
    let name =
      switch topic {
      case .flagged: Self.flaggedTopic
      case .unbiased: Self.unbiasedTopic
      case .unflagged: Self.unflaggedTopic
      }
    let topicBytes = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    do {
      guard try socket.send(topicBytes, more: true) else { return false }
      return try socket.send(record, more: false)
    } catch {
      observer.socketFailed("output: \(error)")
      return false
    }
  }

  private var isWritable: Bool { (try? socket.readiness().contains(.sendable)) ?? false }

  private var hasReceiverForSend: Bool { !isPublisher || subscriberCount > 0 }
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
  func published(_ topic: OutputTopic) -> EventCounter {
    switch topic {
    case .flagged: publishedFlagged
    case .unbiased: publishedUnbiased
    case .unflagged: publishedUnflagged
    }
  }
}
