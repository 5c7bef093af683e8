internal import BoundedNumbers
internal import EventRecords

/// Counts the records of a run, one at a time, for the manifest.
struct RunTally: Sendable {
  /// The records of one source in one run.
  struct Stream: Equatable, Sendable {
    var run: UInt32
    var source: UInt32
    var recordCount: UInt64 = 0
    var firstSequence: UInt64 = .max
    var lastSequence: UInt64 = 0
    /// Gaps. Flagged records have none, since they are a selection of the stream.
    var lost: UInt64 = 0
    var late: UInt64 = 0
    var repeated: UInt64 = 0
  }

  private struct StreamKey: Hashable, Comparable {
    var run: UInt32
    var source: UInt32

    static func < (a: Self, b: Self) -> Bool { (a.run, a.source) < (b.run, b.source) }
  }

  /// The number of streams that are listed one by one, those of the highest runs. A journal may
  /// hold records of 100,000 short runs, and each start reads the whole manifest.
  static func listedMax(_ kind: RunKind) -> Int { kind == .events ? 4_096 : 128 }

  let kind: RunKind
  private(set) var recordCount: UInt64 = 0
  /// Records of streams that are not listed.
  private(set) var unlistedCount: UInt64 = 0
  /// The schema of the records that state one; 0 where none does, or where they differ.
  private(set) var schema: UInt32 = 0
  private(set) var hasMixedSchemas = false
  private(set) var firstTimeNs: UInt64?
  private(set) var lastTimeNs: UInt64?
  private(set) var firstNumber: UInt64?
  private(set) var lastNumber: UInt64?
  private var streamList: [Stream] = []
  private var ledgers: [SequenceTracker] = []
  private var streamIndices: [StreamKey: Int] = [:]
  /// The lowest stream listed, once there is no room for more.
  private var lowest: StreamKey?
  private var latestStream = 0
  /// In the order of `countNames`.
  private var counts = InlineArray<4, UInt64>(repeating: 0)

  /// No records yet.
  init(kind: RunKind) { self.kind = kind }

  /// Adds the counts of a flagged segment's summary.
  mutating func add(_ summary: RunManifest.Summary) {
    precondition(kind == .flagged, "a ledger of sequences cannot be added up")
    addSchema(UInt32(summary.schema, radix: 16)?.byteSwapped ?? 0)
    for (index, name) in Self.countNames(kind).enumerated() {
      counts[index] +|= summary.counts[name] ?? 0
    }
    if let first = summary.firstTimeNs { addTime(first) }
    if let last = summary.lastTimeNs { addTime(last) }
    if let first = summary.firstNumber { firstNumber = min(firstNumber ?? first, first) }
    if let last = summary.lastNumber { lastNumber = max(lastNumber ?? last, last) }
    unlistedCount +|= summary.unlistedCount ?? 0
    recordCount +|= summary.unlistedCount ?? 0
    for source in summary.sources {
      recordCount +|= source.recordCount
      guard let index = streamIndex(run: source.run, source: source.source) else {
        unlistedCount +|= source.recordCount
        continue
      }
      streamList[index].recordCount +|= source.recordCount
      streamList[index].firstSequence = min(
        streamList[index].firstSequence, source.firstSequence)
      streamList[index].lastSequence = max(streamList[index].lastSequence, source.lastSequence)
    }
  }

  /// The names of the counts: kinds of records, or reasons of flagged ones (a record may have two).
  static func countNames(_ kind: RunKind) -> [String] {
    switch kind {
    case .events: ["event", "begin_of_run", "end_of_run", "heartbeat"]
    case .flagged: ["above_threshold", "unbiased", "not_scorable"]
    }
  }

  /// The counts by name.
  var countsByName: [String: UInt64] {
    let named = Self.countNames(kind).enumerated().map { ($1, counts[$0]) }
    return Dictionary(uniqueKeysWithValues: named)
  }

  /// All sources of all runs, ordered by run, then source.
  var streams: [Stream] {
    var streams = streamList
    for (index, ledger) in ledgers.enumerated() {
      streams[index].lost = ledger.lost
      streams[index].late = ledger.late
      streams[index].repeated = ledger.repeated
    }
    return streams.sorted { ($0.run, $0.source) < ($1.run, $1.source) }
  }

  /// Counts a good record of the run's kind. Allocates only at the first record of a stream.
  mutating func add(_ base: UnsafeRawPointer, featureCount: Int) {
    let event = kind.event(at: base, featureCount: featureCount)
    recordCount +|= 1
    addStream(event)
    addTime(event.timeNs)
    addSchema(event.schema)
    switch kind {
    case .events:
      if let kind = event.kind { counts[Int(kind.rawValue) - 1] +|= 1 }
    case .flagged: addFlagged(FlaggedRecordView(base, featureCount: featureCount))
    }
  }

  private mutating func addStream(_ event: EventRecordView) {
    guard let index = streamIndex(run: event.run, source: event.source) else {
      unlistedCount += 1
      return
    }
    let sequence = event.sequence
    streamList[index].recordCount +|= 1
    streamList[index].firstSequence = min(streamList[index].firstSequence, sequence)
    streamList[index].lastSequence = max(streamList[index].lastSequence, sequence)
    if kind == .events { _ = ledgers[index].note(sequence) }
  }

  /// Where a stream is listed; nil where there are as many of higher runs. Which streams are listed
  /// does not depend on the order of records: a stream that was left out once stays out.
  private mutating func streamIndex(run: UInt32, source: UInt32) -> Int? {
    if latestStream < streamList.count, streamList[latestStream].run == run,
      streamList[latestStream].source == source
    {
      return latestStream
    }
    let key = StreamKey(run: run, source: source)
    if let known = streamIndices[key] {
      latestStream = known
      return known
    }
    if let lowest, key < lowest { return nil }
    var fresh = Stream(run: run, source: source)
    if streamList.count < Self.listedMax(kind) {
      latestStream = streamList.count
      streamList.append(fresh)
      if kind == .events { ledgers.append(SequenceTracker()) }
    } else if let lowest, let index = streamIndices.removeValue(forKey: lowest) {
      swap(&streamList[index], &fresh)
      unlistedCount +|= fresh.recordCount
      if kind == .events { ledgers[index] = SequenceTracker() }
      latestStream = index
    }
    streamIndices[key] = latestStream
    if streamList.count == Self.listedMax(kind) { lowest = streamIndices.keys.min() }
    return latestStream
  }

  private mutating func addTime(_ timeNs: UInt64) {
    firstTimeNs = min(firstTimeNs ?? timeNs, timeNs)
    lastTimeNs = max(lastTimeNs ?? timeNs, timeNs)
  }

  private mutating func addSchema(_ stated: UInt32) {
    if stated == 0 || stated == schema || hasMixedSchemas { return }
    hasMixedSchemas = schema != 0
    schema = hasMixedSchemas ? 0 : stated
  }

  private mutating func addFlagged(_ record: FlaggedRecordView) {
    let reasons = record.reasons
    if reasons.contains(.aboveThreshold) { counts[0] +|= 1 }
    if reasons.contains(.unbiased) { counts[1] +|= 1 }
    if reasons.contains(.notScorable) { counts[2] +|= 1 }
    firstNumber = min(firstNumber ?? record.number, record.number)
    lastNumber = max(lastNumber ?? record.number, record.number)
  }
}
