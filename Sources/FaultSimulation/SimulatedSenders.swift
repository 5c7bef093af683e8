internal import EventRecords
internal import TriggerPipeline

/// An event that some sender has sent, and what became of it.
struct SentEvent {
  var run: UInt32
  var source: UInt32
  var sequence: UInt64
  /// Above the threshold whatever calibration decides.
  var isCertain: Bool
  /// The life of the daemon that took its message first; 0 while none has.
  var life: Int32 = 0
  /// Whether a receiver has got it as a flagged record.
  var isDelivered = false
  /// Its number, where it is known; 0 before.
  var number: UInt64 = 0
  /// Whether a daemon has decided and journaled it and gone on, so that its account has it, and no power
  /// cut has come since that may have taken it.
  var isAccounted = false
  /// Whether the daemon knows that its account of the event is on the disk.
  var isAccountDurable = false
}

/// Senders, their book, and what waits for the daemon: the input port.
///
/// The event number of a record is its place in the book, from 1.
final class SimulatedSenders: InputPort {
  private(set) var book: [SentEvent] = []
  /// The highest sequence that a source has used in a run.
  private(set) var highest: [UInt64: UInt64] = [:]
  /// The life that takes messages now.
  var life: Int32 = 0
  /// Whether sequences jump, repeat, and messages are broken.
  var areUnruly = false

  private struct Source {
    var number: UInt32
    var run: UInt32
    var sequence: UInt64 = 0
    var isOpen = false
  }

  /// Places in the book of events that were accounted since the accounts were last synchronised.
  private var accountedSinceSync: [Int] = []
  private var sources: [Source]
  private var queue: [[UInt8]] = []
  private var head = 0
  private var random: RandomSource
  private let current: UnsafeMutableRawBufferPointer
  private let recordByteCount = EventRecord.byteCount(
    featureCount: SimulatedGenerations.featureCount)
  private let messageByteCountMax: Int

  init(random: RandomSource, sourceCount: Int, messageByteCountMax: Int) {
    self.random = random
    self.messageByteCountMax = messageByteCountMax
    sources = (1...sourceCount).map { Source(number: UInt32($0), run: 1) }
    current = .allocate(byteCount: messageByteCountMax, alignment: 64)
  }

  deinit { current.deallocate() }

  var waitingCount: Int { queue.count - head }

  /// Sends a message of some records.
  func send(recordCount: Int) {
    if areUnruly, random.oneIn(40) {
      queue.append((0..<random.pick(1...200)).map { _ in UInt8(truncatingIfNeeded: random.next()) })
      return
    }
    let index = random.below(sources.count)
    var message: [UInt8] = []
    message.reserveCapacity(recordCount * recordByteCount)
    for _ in 0..<recordCount { append(to: &message, from: &sources[index]) }
    if areUnruly, random.oneIn(60) { message[random.below(message.count)] ^= 0x10 }
    queue.append(message)
    if areUnruly, random.oneIn(50) { queue.append(message) }
  }

  /// Ends all runs, so that their ledgers close.
  func endRuns() {
    for index in sources.indices where sources[index].isOpen {
      var message: [UInt8] = []
      append(.endOfRun, to: &message, from: &sources[index])
      queue.append(message)
    }
  }

  private func append(to message: inout [UInt8], from source: inout Source) {
    if !source.isOpen { return append(.beginOfRun, to: &message, from: &source) }
    if random.oneIn(60) { return append(.endOfRun, to: &message, from: &source) }
    if random.oneIn(40) { return append(.heartbeat, to: &message, from: &source) }
    if areUnruly {
      // A sender that was killed begins another run without an end; one whose link failed jumps.
      if random.oneIn(120) { return begin(&source, &message) }
      if random.oneIn(50) { source.sequence += UInt64(random.pick(1...9)) }
    }
    append(.event, to: &message, from: &source)
  }

  private func begin(_ source: inout Source, _ message: inout [UInt8]) {
    source.isOpen = false
    source.run += 1
    append(.beginOfRun, to: &message, from: &source)
  }

  private func append(_ kind: RecordKind, to message: inout [UInt8], from source: inout Source) {
    if kind == .beginOfRun {
      source.sequence = 0
      source.isOpen = true
    }
    source.sequence += 1
    highest[runKey(run: source.run, source: source.number)] = source.sequence
    var features: [Float] = [0, 0]
    var header = EventHeader(
      kind: kind, source: source.number, run: source.run,
      featureCount: SimulatedGenerations.featureCount, sequence: source.sequence,
      timeNs: source.sequence)
    if kind == .event {
      features = [Float(random.below(1_000)) / 1_000, Float(random.below(8)) / 64]
      if random.oneIn(200) { features[1] = .nan }
      book.append(
        SentEvent(
          run: source.run, source: source.number, sequence: source.sequence,
          isCertain: features[0] > SimulatedGenerations.certainCut))
      header.event = UInt64(book.count)
    }
    let start = message.count
    message.append(contentsOf: repeatElement(0, count: recordByteCount))
    message.withUnsafeMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      features.withUnsafeBufferPointer {
        EventRecord.encode(header, features: $0, into: base + start)
      }
    }
    if kind == .endOfRun {
      source.isOpen = false
      source.run += 1
    }
  }

  func noteDelivered(event: UInt64, number: UInt64) {
    guard event >= 1, event <= UInt64(book.count) else { return }
    book[Int(event) - 1].isDelivered = true
    book[Int(event) - 1].number = number
  }

  func noteAccounted(event: UInt64) {
    guard event >= 1, event <= UInt64(book.count) else { return }
    book[Int(event) - 1].isAccounted = true
    accountedSinceSync.append(Int(event) - 1)
  }

  /// Everything in the accounts is on the disk.
  func noteAccountsDurable() {
    for index in accountedSinceSync { book[index].isAccountDurable = true }
    accountedSinceSync.removeAll(keepingCapacity: true)
  }

  /// Entries of the accounts that were not on the disk may be gone.
  func forgetAccounted() {
    for index in accountedSinceSync { book[index].isAccounted = book[index].isAccountDurable }
    accountedSinceSync.removeAll(keepingCapacity: true)
  }

  func noteNumber(_ number: UInt64, ofEvent event: UInt64) {
    guard event >= 1, event <= UInt64(book.count) else { return }
    book[Int(event) - 1].number = number
  }

  // MARK: InputPort

  func receive() -> InputReception {
    guard head < queue.count else { return .nothing }
    let message = queue[head]
    head += 1
    if head > 1_000 {
      queue.removeFirst(head)
      head = 0
    }
    if message.count > messageByteCountMax { return .refused(.oversized) }
    noteTaken(message)
    current.copyBytes(from: message)
    return .message(UnsafeRawBufferPointer(rebasing: current[..<message.count]))
  }

  func wait(timeoutMs: Int) -> Bool { head < queue.count }

  private func noteTaken(_ message: [UInt8]) {
    message.withUnsafeBytes { bytes in
      var walker = MessageWalker(
        bytes: bytes, featureCount: SimulatedGenerations.featureCount, schema: 0)
      while let step = walker.next() {
        guard case .record(let record) = step, record.kind == .event, record.event >= 1,
          record.event <= UInt64(book.count)
        else { continue }
        let index = Int(record.event) - 1
        if book[index].life == 0 { book[index].life = life }
      }
    }
  }
}
