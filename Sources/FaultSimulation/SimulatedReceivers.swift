internal import EventRecords
internal import TriggerPipeline

/// The identity of a record that leaves the daemon, without its bytes.
struct LeavingRecord {
  var number: UInt64
  var event: UInt64
  /// Of the whole record: another content has another one.
  var checksum: UInt32

  /// Looks at a record.
  init(_ record: FlaggedRecordView) {
    number = record.number
    event = record.event.event
    checksum = record.storedChecksum
  }
}

/// The output port with the queues behind it and the receivers at their ends.
///
/// A record that was sent stands in its receiver's queue: the last ones in ZeroMQ's, which knows of
/// them, the first ones in the network's, which says nothing. When the receiver goes, or the
/// daemon, the records there are lost, except those that arrive at the last moment.
final class SimulatedReceivers: OutputPort {
  /// One receiver and its queue.
  struct Receiver {
    var isConnected = false
    var isFrozen = false
    var queue: [LeavingRecord] = []
    /// The number of records, counted from the first, that have left ZeroMQ.
    var leftCount = 0
    /// The number up to which it has got no record.
    var firstNumber: UInt64 = 0
  }

  /// Records that the network holds for a receiver.
  static let networkCountMax = 4

  let isPublisher: Bool
  private let queueCountMax: Int
  private(set) var receivers: [Receiver]
  private var next = 0
  private var noticedCount = 0
  private var unnoticedDepartures: UInt64 = 0
  /// Departures that are noticed and not answered yet, for how many looks, and the number after which
  /// records may be lost with them.
  private var pendingDepartures: UInt64 = 0
  private var putOffLooks = 0
  private var pendingAfter: UInt64?
  private var sentNumber: UInt64 = 0
  private var goneAfter: UInt64?
  private var answeredAfter: UInt64?
  private var random: RandomSource
  /// Apart from `random`, so that what it decides moves nothing else.
  private var patience: RandomSource
  /// Told of each record that is sent, and of each that arrives.
  var whenSent: (LeavingRecord) -> Void = { _ in }
  var whenDelivered: (LeavingRecord) -> Void = { _ in }
  /// Told of each record that was on its way to a receiver when either end went.
  var whenLost: (LeavingRecord) -> Void = { _ in }
  /// Whether no daemon is there to send.
  var isDead = true

  init(random: RandomSource, isPublisher: Bool, receiverCount: Int, queueCountMax: Int) {
    self.random = random
    patience = random
    self.isPublisher = isPublisher
    self.queueCountMax = queueCountMax
    receivers = (0..<receiverCount).map { _ in Receiver() }
  }

  var connectedCount: Int { receivers.count { $0.isConnected } }
  var queuedCount: Int { receivers.reduce(0) { $0 + $1.queue.count } }

  // MARK: OutputPort

  private(set) var departureCount: UInt64 = 0
  private(set) var lookCount: UInt64 = 0
  var subscriberCount: Int { isPublisher ? noticedCount : 0 }
  var sharingCount: Int { isPublisher ? 1 : receivers.count }
  var hasReceiver: Bool { !isDead && connectedCount > 0 }
  var isDrained: Bool { queuedCount == 0 && pendingAfter == nil }
  var heldCount: Int { receivers.reduce(0) { $0 + $1.queue.count - $1.leftCount } }

  var heldNumber: UInt64? {
    var lowest = pendingAfter.map { $0 + 1 }
    for receiver in receivers where receiver.leftCount < receiver.queue.count {
      lowest = min(lowest ?? .max, receiver.queue[receiver.leftCount].number)
    }
    return lowest
  }

  var mayTakeMore: Bool {
    if isDead { return false }
    return isPublisher ? noticedCount > 0 : receivers.contains { hasRoom($0) }
  }

  func serviceSubscriptions() {
    noticedCount = connectedCount
    lookCount += 1
    if unnoticedDepartures > 0 {
      if pendingDepartures == 0, patience.oneIn(4) { putOffLooks = patience.below(40) }
      pendingDepartures += unnoticedDepartures
      pendingAfter = min(pendingAfter ?? .max, goneAfter ?? 0)
      unnoticedDepartures = 0
      goneAfter = nil
    }
    if putOffLooks > 0 {
      putOffLooks -= 1
    } else if pendingDepartures > 0 {
      departureCount += pendingDepartures
      pendingDepartures = 0
      answeredAfter = min(answeredAfter ?? .max, pendingAfter ?? 0)
      pendingAfter = nil
    }
  }

  func takeGoneAfter() -> UInt64 {
    defer { answeredAfter = nil }
    return answeredAfter ?? 0
  }

  func goBack(to number: UInt64) {
    sentNumber = number
    for index in receivers.indices {
      receivers[index].firstNumber = min(receivers[index].firstNumber, number)
    }
    goneAfter = goneAfter.map { min($0, number) }
    pendingAfter = pendingAfter.map { min($0, number) }
  }

  func send(_ record: UnsafeRawBufferPointer, topic: OutputTopic, number: UInt64) -> Bool {
    guard !isDead, let base = record.baseAddress else { return false }
    let leaving = LeavingRecord(
      FlaggedRecordView(base, featureCount: SimulatedGenerations.featureCount))
    if isPublisher {
      guard noticedCount > 0, connectedCount > 0 else { return false }
      for receiver in receivers where receiver.isConnected && !hasRoom(receiver) { return false }
      for index in receivers.indices where receivers[index].isConnected {
        receivers[index].queue.append(leaving)
      }
    } else {
      guard receivers.contains(where: { hasRoom($0) }) else { return false }
      while !hasRoom(receivers[next]) { next = (next + 1) % receivers.count }
      receivers[next].queue.append(leaving)
      next = (next + 1) % receivers.count
    }
    sentNumber = number
    whenSent(leaving)
    return true
  }

  private func hasRoom(_ receiver: Receiver) -> Bool {
    receiver.isConnected && receiver.queue.count - receiver.leftCount < queueCountMax
  }

  // MARK: What happens at the other end

  /// Some records leave, and some arrive.
  func deliver(countMax: Int) {
    for index in receivers.indices where receivers[index].isConnected {
      if !receivers[index].isFrozen {
        take(min(countMax, receivers[index].queue.count), by: index)
      }
      leave(index)
    }
  }

  private func leave(_ index: Int) {
    receivers[index].leftCount = max(
      receivers[index].leftCount, min(Self.networkCountMax, receivers[index].queue.count))
  }

  private func take(_ count: Int, by index: Int) {
    for record in receivers[index].queue.prefix(count) { whenDelivered(record) }
    receivers[index].queue.removeFirst(count)
    receivers[index].leftCount = max(0, receivers[index].leftCount - count)
  }

  func connect(_ index: Int) {
    if !receivers[index].isConnected { receivers[index].firstNumber = sentNumber }
    receivers[index].isConnected = true
  }

  /// A receiver goes. It has read some of the records that were on their way.
  func disconnect(_ index: Int) {
    guard receivers[index].isConnected else { return }
    lose(index)
    goneAfter = min(goneAfter ?? .max, receivers[index].firstNumber)
    receivers[index].isConnected = false
    receivers[index].isFrozen = false
    unnoticedDepartures += 1
  }

  func setFrozen(_ index: Int, _ isFrozen: Bool) {
    receivers[index].isFrozen = isFrozen && receivers[index].isConnected
  }

  /// The daemon is gone: some of what had left ZeroMQ still arrives.
  func loseDaemon() {
    isDead = true
    for index in receivers.indices { lose(index) }
    noticedCount = 0
    unnoticedDepartures = 0
    sentNumber = 0
    goneAfter = nil
    pendingDepartures = 0
    putOffLooks = 0
    pendingAfter = nil
    answeredAfter = nil
    for index in receivers.indices { receivers[index].firstNumber = 0 }
  }

  private func lose(_ index: Int) {
    leave(index)
    if !receivers[index].isFrozen {
      take(random.below(receivers[index].leftCount + 1), by: index)
    }
    for record in receivers[index].queue { whenLost(record) }
    receivers[index].queue.removeAll()
    receivers[index].leftCount = 0
  }
}
