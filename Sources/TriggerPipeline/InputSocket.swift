internal import CurveSecurity
internal import EventRecords
internal import ZeroMQ

/// The input of the pipeline: one SUB or PULL socket on any number of endpoints.
///
/// A message is `[topic,] records`. A message with more parts, an empty one, and one longer than
/// the limit are refused whole, each under its reason. A message longer than twice the limit never
/// arrives: ZeroMQ closes its connection.
final class InputSocket: InputPort {
  private let socket: Socket
  private let poller: Poller
  private let messageByteCountMax: Int
  private let observer: any PipelineObserver
  private let marks = DeliveryMarks()
  /// Messages until the next one whose connection is marked. It is 0 after the queue was empty.
  private var untilMark = 0
  private var spacing: UInt32 = 1
  private let first = Message()
  private let second = Message()
  private let surplus = Message()
  /// The endpoints as bound, with wildcard ports resolved.
  let boundEndpoints: [String]

  init(
    context: Context, sockets: SecuredSockets, settings: PipelineSettings,
    observer: any PipelineObserver
  ) throws {
    let socket = try Socket(context, settings.inputPattern == .pull ? .pull : .sub)
    let queue = InputQueueBound(settings)
    try socket.set(
      .receiveHighWaterMark(queue.messageCountMax), .messageByteCountMax(queue.messageByteCountMax))
    if settings.inputPattern == .sub {
      try socket.set(.subscribe(Array(settings.inputTopic.utf8)))
    }
    boundEndpoints = try sockets.open(
      socket, as: "input", bind: settings.inputBind, connect: settings.inputConnect,
      limits: .stream(
        marks, undeliveredByteCount: queue.undeliveredByteCountMax,
        memoryByteCount: queue.byteCountMax))
    self.socket = socket
    poller = Poller([socket])
    messageByteCountMax = settings.messageByteCountMax
    self.observer = observer
  }

  /// Waits for a message; returns whether one is there.
  func wait(timeoutMs: Int) -> Bool {
    do {
      return try poller.wait(timeoutMs: timeoutMs) > 0
    } catch {
      observer.socketFailed("input: \(error)")
      return false
    }
  }

  /// Takes the next message, if one is there.
  func receive() -> InputReception {
    do {
      guard try socket.receive(refilling: first) else {
        untilMark = 0
        marks.noteEmpty()
        return .nothing
      }
      noteDelivery()
      guard first.hasMore else { return checked(first.bytes) }
      guard try socket.receive(refilling: second) else { return .refused(.multipart) }
      guard second.hasMore else { return checked(second.bytes) }
      repeat { _ = try socket.receive(refilling: surplus) } while surplus.hasMore
      return .refused(.multipart)
    } catch {
      observer.socketFailed("input: \(error)")
      return .nothing
    }
  }

  /// Marks the connection that has brought a message: usually only now and then, since looking it
  /// up takes a tenth of a microsecond. The steps vary, so that no pattern of senders can avoid
  /// being marked.
  private func noteDelivery() {
    if untilMark > 0, !marks.wantsAll {
      untilMark -= 1
      return
    }
    spacing = spacing &* 1_664_525 &+ 1_013_904_223
    untilMark = Int(spacing >> 26)
    marks.mark(first.sourceDescriptor)
  }

  private func checked(_ records: UnsafeRawBufferPointer) -> InputReception {
    if records.isEmpty { return .refused(.emptyMessage) }
    if records.count > messageByteCountMax { return .refused(.oversized) }
    return .message(records)
  }
}
