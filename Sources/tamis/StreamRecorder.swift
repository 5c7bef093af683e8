internal import BoundedNumbers
internal import CommandFrame
internal import EventRecords
internal import RunFiles
internal import StrictJSON

/// Writes the good records of a stream to a run folder, which it creates with the first of them.
struct StreamRecorder {
  private let folder: String
  private let replacing: Bool
  private let eventCountMax: Int
  private var featureCount: Int?
  private var vote = FeatureVote()
  private var writer: RunWriter?
  private var manifest: RunManifest?
  private var openRuns: Set<UInt64> = []
  private var hasBegun = false
  private(set) var eventCount = 0
  private var recordCount = 0
  private var refused: [RecordRejection: Int] = [:]
  private var flaggedCount = 0
  /// When records were last handed to the operating system.
  private var writtenNs: UInt64 = 0

  /// For as long records may stay in memory, where a kill takes them. With the vote on the number of
  /// features before, a record is in the file within a second.
  private static let keepNs: UInt64 = 250_000_000

  init(folder: String, featureCount: Int?, eventCountMax: Int?, replacing: Bool) {
    self.folder = folder
    self.featureCount = featureCount
    self.eventCountMax = eventCountMax ?? .max
    self.replacing = replacing
  }

  /// Whether all runs that began have ended, or enough events have come.
  var isComplete: Bool { eventCount >= eventCountMax || (hasBegun && openRuns.isEmpty) }

  /// Takes the records of one message. Until it is known how many features they have, messages
  /// wait.
  mutating func take(_ message: UnsafeRawBufferPointer) throws {
    if noteFlagged(message) { return }
    if let featureCount { return try take(message, featureCount: featureCount) }
    if vote.take(message) { try decideFeatures() }
  }

  /// Does not wait for more messages where the first came a while ago, and writes what has come. Called
  /// ten times a second or more.
  mutating func service() throws {
    if featureCount == nil, vote.isDue { try decideFeatures() }
    let nowNs = monotonicNs()
    guard let writer, nowNs -| writtenNs >= Self.keepNs else { return }
    try writer.flush()
    writtenNs = nowNs
  }

  private mutating func decideFeatures() throws {
    featureCount = vote.winner
    for message in vote.takeMessages() {
      guard let featureCount else {
        refused[message.isEmpty ? .emptyMessage : .truncated, default: 0] += 1
        continue
      }
      try message.withUnsafeBytes { try take($0, featureCount: featureCount) }
    }
  }

  private mutating func take(_ message: UnsafeRawBufferPointer, featureCount: Int) throws {
    var walker = MessageWalker(bytes: message, featureCount: featureCount, schema: 0)
    while !isComplete, let step = walker.next() {
      switch step {
      case .refused(let reason): refused[reason, default: 0] += 1
      case .record(let record): try write(record, featureCount: featureCount)
      }
    }
  }

  /// Notes a message of a flagged record, which is refused as a whole: the event record in it is
  /// not the stream's. The user may have connected to a daemon's output.
  private mutating func noteFlagged(_ message: UnsafeRawBufferPointer) -> Bool {
    guard message.count >= FlaggedRecord.headerByteCount,
      message.loadUnaligned(as: UInt32.self) == FlaggedRecord.magic
    else { return false }
    if flaggedCount == 0 {
      complain(
        "these are flagged records, such as a daemon publishes: nothing of them is written, record "
          + "takes event records; flagged ones are in the daemon's journal, and tools/receive.py "
          + "writes what it receives")
    }
    flaggedCount += 1
    refused[.magic, default: 0] += 1
    return true
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
  mutating func finish() throws {
    if featureCount == nil { try decideFeatures() }
    manifest = try writer?.finish()
  }

  func facts(out: String) -> Facts {
    var facts = Facts()
    facts.add("written", writer == nil ? .null : .string(out))
    facts.add("records", .integer(recordCount))
    facts.add("events", .integer(eventCount))
    let sources = manifest?.sources ?? []
    facts.add("lost", .integer(sources.compactMap(\.lost).saturatingSum))
    for (name, count) in [
      ("late", sources.compactMap(\.late).saturatingSum),
      ("repeated", sources.compactMap(\.repeated).saturatingSum),
    ] where count > 0 {
      facts.add(name, .integer(count))
    }
    if !openRuns.isEmpty { facts.add("runs_not_ended", .integer(openRuns.count)) }
    facts.add("refused", .integer(refused.values.saturatingSum))
    for (reason, count) in refused.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      facts.add("refused_\(reason.rawValue)", .integer(count))
    }
    if flaggedCount > 0 { facts.add("flagged_records_seen", .integer(flaggedCount)) }
    return facts
  }
}

/// How many features the records of a stream have, by a vote of the first ones whose checksum
/// holds: a record that is damaged or of another sender must not decide for all.
private struct FeatureVote {
  private var messages: [[UInt8]] = []
  private var votes: [Int: Int] = [:]
  private var firstNs: UInt64?

  private static let messageCountMax = 16
  private static let waitNs: UInt64 = 500_000_000

  /// Whether the messages have waited long enough.
  var isDue: Bool { firstNs.map { monotonicNs() - $0 > Self.waitNs } ?? false && !votes.isEmpty }

  /// The D that most records state, and among equals the largest; nil where no record is good.
  var winner: Int? { votes.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key }

  /// Keeps a message; returns whether there are enough.
  mutating func take(_ message: UnsafeRawBufferPointer) -> Bool {
    firstNs = firstNs ?? monotonicNs()
    messages.append(Array(message))
    var offset = 0
    while let base = message.baseAddress, offset + EventRecord.headerByteCount <= message.count {
      let record = EventRecordView(base + offset)
      let isSound =
        record.magic == EventRecord.magic && record.featureCount >= 1
        && offset + record.byteCount <= message.count
        && record.storedChecksum == record.computedChecksum
      if isSound { votes[record.featureCount, default: 0] += 1 }
      offset += isSound ? record.byteCount : 4
    }
    return messages.count >= Self.messageCountMax
  }

  mutating func takeMessages() -> [[UInt8]] {
    defer { messages = [] }
    return messages
  }
}
