internal import EventRecords
internal import StrictJSON

/// Writes the good records of a stream to a run folder, which it creates with the first of them.
struct StreamRecorder {
  private let folder: String
  private let replacing: Bool
  private let eventCountMax: Int
  private var featureCount: Int?
  private var writer: RunWriter?
  private var openRuns: Set<UInt64> = []
  private var hasBegun = false
  private(set) var eventCount = 0
  private var recordCount = 0
  private var refused: [RecordRefusal: Int] = [:]

  init(folder: String, featureCount: Int?, eventCountMax: Int?, replacing: Bool) {
    self.folder = folder
    self.featureCount = featureCount
    self.eventCountMax = eventCountMax ?? .max
    self.replacing = replacing
  }

  /// Whether all runs that began have ended, or enough events have come.
  var isComplete: Bool { eventCount >= eventCountMax || (hasBegun && openRuns.isEmpty) }

  /// Takes the records of one message.
  mutating func take(_ message: UnsafeRawBufferPointer) throws {
    guard let count = featureCount ?? statedFeatureCount(message) else {
      refused[message.isEmpty ? .emptyMessage : .truncated, default: 0] += 1
      return
    }
    featureCount = count
    var walker = MessageWalker(bytes: message, featureCount: count, schema: 0)
    while !isComplete, let step = walker.next() {
      switch step {
      case .refused(let reason): refused[reason, default: 0] += 1
      case .record(let record): try write(record, featureCount: count)
      }
    }
  }

  private mutating func write(_ record: EventRecordView, featureCount: Int) throws {
    let target =
      try writer
      ?? RunWriter(
        folder: folder, kind: .events, featureCount: featureCount, featureNames: nil,
        replacing: replacing)
    writer = target
    try target.append(
      records: UnsafeRawBufferPointer(
        start: record.base, count: EventRecord.byteCount(featureCount: featureCount)))
    recordCount += 1
    let run = UInt64(record.run) << 32 | UInt64(record.source)
    switch record.kind {
    case .event: eventCount += 1
    case .beginOfRun:
      openRuns.insert(run)
      hasBegun = true
    case .endOfRun: openRuns.remove(run)
    case .heartbeat, nil: break
    }
  }

  /// Closes the run.
  mutating func finish() throws { try writer?.finish() }

  func facts(out: String) -> Facts {
    var facts = Facts()
    facts.add("written", writer == nil ? .null : .string(out))
    facts.add("records", .integer(recordCount))
    facts.add("events", .integer(eventCount))
    for (reason, count) in refused.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      facts.add("refused_\(reason.rawValue)", .integer(count))
    }
    return facts
  }

  /// What the first record of the stream says of itself, if it is one.
  private func statedFeatureCount(_ message: UnsafeRawBufferPointer) -> Int? {
    guard message.count >= EventRecord.headerByteCount, let base = message.baseAddress else {
      return nil
    }
    let stated = EventRecordView(base).featureCount
    return stated >= 1 && message.count >= EventRecord.byteCount(featureCount: stated)
      ? stated : nil
  }
}
