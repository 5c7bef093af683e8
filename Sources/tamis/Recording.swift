internal import CLinux
internal import EventRecords
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

  init(paths: [String]) throws {
    featureCount = try EventSource(paths: paths).featureCount
    parts = try paths.map { path in
      path.hasSuffix(".npy")
        ? .rows(try EventSource(paths: [path])) : .run(try RecordedRun(path))
    }
    recordCount = parts.reduce(0) { sum, part in sum + part.recordCount }
  }

  /// Calls `body` with messages of up to `batch` records, marked as replayed. In `round` k the run
  /// numbers are k higher than recorded.
  func forEachMessage(
    batch: Int, round: Int, _ body: (UnsafeRawBufferPointer, Int) throws -> Void
  ) throws {
    let recordByteCount = EventRecord.byteCount(featureCount: featureCount)
    let message = UnsafeMutableRawBufferPointer.allocate(
      byteCount: batch * recordByteCount, alignment: 64)
    defer { message.deallocate() }
    guard let base = message.baseAddress else { return }
    for part in parts {
      for start in stride(from: 0, to: part.recordCount, by: batch) {
        let count = min(batch, part.recordCount - start)
        for offset in 0..<count {
          let target = base + offset * recordByteCount
          try part.copyRecord(start + offset, into: target, featureCount: featureCount)
          var header = EventRecordView(target).header
          header.flags.insert(.replayed)
          header.run &+= UInt32(round)
          EventRecord.replaceHeader(with: header, in: target)
        }
        try body(UnsafeRawBufferPointer(rebasing: message[..<(count * recordByteCount)]), count)
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
