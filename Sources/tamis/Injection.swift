internal import DurableFiles
internal import EventRecords
internal import RunFiles

/// Simulated events that are mixed into a replayed stream: proof that the trigger is awake.
///
/// They come from a source of their own, which counts its own records: the recorded events keep
/// their run, source and sequence, and therefore their prescales.
struct Injection {
  private let events: EventSource
  private let every: Int
  private let source: UInt32
  private var sinceLast = 0
  private var next = 0
  /// The last sequence number in each run that is open.
  private var sequences: [UInt32: UInt64] = [:]
  /// Events that were mixed in so far.
  private(set) var count = 0

  /// The most records that one record brings: a begin of run and an event.
  static let recordsMax = 2

  /// Mixes the events of `path` in again and again, one after every `every` recorded events.
  ///
  /// - Throws: `FileFault` where they cannot be read, or have another D.
  init(path: String, every: Int, source: UInt32, featureCount: Int) throws {
    events = try openEvents([path])
    self.every = every
    self.source = source
    guard events.featureCount == featureCount, events.eventCount > 0 else {
      throw FileFault(
        file: path, found: "\(events.eventCount) events of \(events.featureCount) features",
        expected: "events of \(featureCount) features, as the recording has")
    }
  }

  /// Writes the records that follow the recorded one `record` to `target`, and returns how many.
  mutating func follow(_ record: EventRecordView, at target: UnsafeMutableRawPointer) -> Int {
    guard record.kind == .event else { return 0 }
    sinceLast += 1
    guard sinceLast == every else { return 0 }
    sinceLast = 0
    var written = 0
    if sequences[record.run] == nil {
      control(.beginOfRun, run: record.run, at: target)
      written = 1
    }
    write(after: record, at: target + written * record.byteCount)
    return written + 1
  }

  /// Writes the ends of the runs that are open, each by itself.
  mutating func end(
    at target: UnsafeMutableRawPointer, _ body: () throws -> Void
  ) rethrows {
    for run in sequences.keys.sorted() {
      control(.endOfRun, run: run, at: target)
      try body()
    }
    sequences = [:]
  }

  private mutating func write(
    after record: EventRecordView, at target: UnsafeMutableRawPointer
  ) {
    var header = record.header
    header.flags = [.simulated, .replayed]
    header.source = source
    header.sequence = number(in: record.run)
    header.event = UInt64(next) + 1
    let featureCount = events.featureCount
    withUnsafeTemporaryAllocation(of: Float.self, capacity: featureCount) { row in
      if let base = row.baseAddress { events.copyFeatures(of: next..<next + 1, into: base) }
      EventRecord.encode(header, features: UnsafeBufferPointer(row), into: target)
    }
    next = (next + 1) % events.eventCount
    count += 1
  }

  private mutating func control(
    _ kind: RecordKind, run: UInt32, at target: UnsafeMutableRawPointer
  ) {
    let header = EventHeader(
      kind: kind, flags: [.simulated, .replayed], source: source, run: run,
      featureCount: events.featureCount, sequence: number(in: run))
    EventRecord.encode(header, features: nil, into: target)
  }

  private mutating func number(in run: UInt32) -> UInt64 {
    let number = (sequences[run] ?? 0) + 1
    sequences[run] = number
    return number
  }
}
