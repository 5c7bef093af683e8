internal import BoundedNumbers
internal import CLinux
internal import CommandFrame
internal import EventRecords
internal import RunFiles
internal import TriggerPipeline

/// Recorded events as the records that are to be sent again, control records included.
struct Recording {
  fileprivate enum Part {
    case run(RecordedRun)
    case rows(EventSource)
  }

  private let parts: [Part]
  let featureCount: Int
  let recordCount: Int
  /// What the user should know of the numbers.
  let notes: [String]
  /// The new number of each recorded run in the first round. The numbers of the next round follow.
  private let runs: [UInt32: UInt32]
  private let runSpan: Int
  private let asSource: UInt32?
  private let clearsSimulated: Bool

  /// Opens the recordings, to be sent `loop` times; with `asRun`, runs are numbered from there on in
  /// the order in which they come. `clearsSimulated` takes the mark of simulated events away.
  /// `injectSource` is the source of events that are mixed in; it must be another one.
  /// - Throws: `FileFault`, `SystemCallError`, and `NegativeAnswer` where the numbers do not go.
  init(
    paths: [String], asRun: UInt32? = nil, asSource: UInt32? = nil, loop: Int = 1,
    clearsSimulated: Bool = false, injectSource: UInt32? = nil
  ) throws {
    self.clearsSimulated = clearsSimulated
    featureCount = try openEvents(paths).featureCount
    parts = try paths.map { path in
      path.hasSuffix(".npy")
        ? .rows(try EventSource(paths: [path])) : .run(try RecordedRun(path))
    }
    recordCount = parts.reduce(0) { sum, part in sum + part.recordCount }
    self.asSource = asSource
    notes = try paths.count > 1 ? Self.sentNumbers(of: parts, at: paths).notes : []
    let needsNumbers = asRun != nil || asSource != nil || loop > 1 || injectSource != nil
    let found = needsNumbers ? try Self.numbers(in: parts) : (runs: [], sources: [])
    if asSource != nil, found.sources.count > 1 {
      throw NegativeAnswer(
        description: "\(found.sources.count) sources are recorded: as one (--as-source) their "
          + "sequences would be refused as repeated; replay them one by one")
    }
    let sources = asSource.map { [$0] } ?? found.sources
    if let injectSource, sources.contains(injectSource) {
      throw NegativeAnswer(
        description:
          "the recorded events have the source \(injectSource), and so would those that are "
          + "mixed in (--inject-source): of two records with one sequence the second would be refused "
          + "as repeated; choose another source")
    }
    if let asRun {
      runs = Dictionary(
        found.runs.enumerated().map { ($1, asRun &+ UInt32($0)) }, uniquingKeysWith: { $1 })
      runSpan = max(1, found.runs.count)
    } else {
      runs = [:]
      runSpan = Int((found.runs.max() ?? 0) - (found.runs.min() ?? 0)) + 1
    }
    let last = Int(asRun.map { $0 } ?? found.runs.min() ?? 0) + runSpan * loop - 1
    if needsNumbers, last > UInt32.max {
      throw NegativeAnswer(
        description: "the last run would have the number \(last): run numbers end at \(UInt32.max)")
    }
  }

  /// The numbers of all records, as they are recorded. Runs and sources that get other numbers keep apart
  /// what is apart.
  private static func sentNumbers(of parts: [Part], at paths: [String]) throws -> SentNumbers {
    var numbers = SentNumbers()
    for (part, path) in zip(parts, paths) {
      switch part {
      case .rows(let rows):
        for index in 0..<part.recordCount {
          let identity = EventIdentity(rowOfFeatures: index - 1)
          try numbers.note(
            run: identity.run, source: identity.source, sequence: identity.sequence,
            kind: index == 0 ? .beginOfRun : index > rows.eventCount ? .endOfRun : .event, of: path)
        }
      case .run(let run):
        try run.forEachRecord {
          try numbers.note(
            run: $0.run, source: $0.source, sequence: $0.sequence, kind: $0.kind ?? .event, of: path
          )
        }
      }
      numbers.endRecording(path)
    }
    return numbers
  }

  /// Run numbers in the order in which they come, and source numbers.
  private static func numbers(in parts: [Part]) throws -> (runs: [UInt32], sources: Set<UInt32>) {
    var runs: [UInt32] = []
    var known: Set<UInt32> = []
    var sources: Set<UInt32> = []
    func note(_ run: UInt32, _ source: UInt32) {
      if known.insert(run).inserted { runs.append(run) }
      sources.insert(source)
    }
    for part in parts {
      switch part {
      case .rows:
        let identity = EventIdentity(rowOfFeatures: 0)
        note(identity.run, identity.source)
      case .run(let run):
        try run.forEachRecord { record in
          if record.run != runs.last { note(record.run, record.source) }
          sources.insert(record.source)
        }
      }
    }
    return (runs, sources)
  }

  private func number(ofRun run: UInt32, round: Int) -> UInt32 {
    (runs[run] ?? run) &+ UInt32(truncatingIfNeeded: runSpan *| round)
  }

  /// Calls `body` with messages of up to `batch` recorded records, marked as replayed, with the run
  /// numbers of `round`, and with the number of recorded records. What `injection` mixes in stands
  /// between them.
  func forEachMessage(
    batch: Int, round: Int, injection: inout Injection?,
    _ body: (UnsafeRawBufferPointer, Int) throws -> Void
  ) throws {
    let recordByteCount = EventRecord.byteCount(featureCount: featureCount)
    let message = UnsafeMutableRawBufferPointer.allocate(
      byteCount: batch * (1 + Injection.recordsMax) * recordByteCount, alignment: 64)
    defer { message.deallocate() }
    guard let base = message.baseAddress else { return }
    for part in parts {
      for start in stride(from: 0, to: part.recordCount, by: batch) {
        let count = min(batch, part.recordCount - start)
        var place = 0
        for offset in 0..<count {
          let target = base + place * recordByteCount
          try part.copyRecord(start + offset, into: target, featureCount: featureCount)
          var header = EventRecordView(target).header
          header.flags.insert(.replayed)
          header.run = number(ofRun: header.run, round: round)
          if let asSource { header.source = asSource }
          if clearsSimulated { header.flags.remove(.simulated) }
          EventRecord.replaceHeader(with: header, in: target)
          place += 1
          place +=
            injection?.follow(EventRecordView(target), at: base + place * recordByteCount) ?? 0
        }
        try body(UnsafeRawBufferPointer(rebasing: message[..<(place * recordByteCount)]), count)
      }
      try injection?.end(at: base) {
        try body(UnsafeRawBufferPointer(rebasing: message[..<recordByteCount]), 0)
      }
    }
  }
}

extension Recording.Part {
  fileprivate var recordCount: Int {
    switch self {
    case .run(let run): run.recordCount
    case .rows(let rows): rows.eventCount + 2
    }
  }

  fileprivate func copyRecord(
    _ index: Int, into target: UnsafeMutableRawPointer, featureCount: Int
  ) throws {
    switch self {
    case .run(let run):
      target.copyMemory(
        from: try run.record(at: index).base,
        byteCount: EventRecord.byteCount(featureCount: featureCount))
    case .rows(let rows): try copyRow(index, of: rows, into: target, featureCount: featureCount)
    }
  }

  /// Rows have no records: the first is a begin of run, the last its end.
  private func copyRow(
    _ index: Int, of rows: EventSource, into target: UnsafeMutableRawPointer, featureCount: Int
  ) throws {
    let isControl = index == 0 || index == rows.eventCount + 1
    let identity = EventIdentity(rowOfFeatures: index - 1)
    var header = EventHeader(
      kind: index == 0 ? .beginOfRun : isControl ? .endOfRun : .event, source: identity.source,
      run: identity.run, featureCount: featureCount, sequence: identity.sequence,
      event: isControl ? 0 : identity.event)
    header.timeNs = tamis_realtime_ns()
    if isControl { return EventRecord.encode(header, features: nil, into: target) }
    let features = UnsafeMutableBufferPointer<Float>.allocate(capacity: featureCount)
    defer { features.deallocate() }
    if let row = features.baseAddress { rows.copyFeatures(of: index - 1..<index, into: row) }
    EventRecord.encode(header, features: UnsafeBufferPointer(features), into: target)
  }
}
