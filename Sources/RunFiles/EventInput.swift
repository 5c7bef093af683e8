public import DurableFiles
public import EventRecords

/// One file or folder of an `EventSource`.
public struct EventInput: Sendable {
  enum Content: Sendable {
    case segments([Part], run: RecordedRun)
    case array(NumpyArray)
  }

  /// The events of one segment.
  struct Part: Sendable {
    let segment: MappedSegment
    let index: EventIndex
    /// The number of its first event in the input.
    let firstEvent: Int
  }

  /// The last part of its path.
  public let name: String
  /// As given.
  public let path: String
  /// Events in it; control records, and events that were not asked for, are not counted.
  public let eventCount: Int
  /// D.
  public let featureCount: Int
  /// Names of the features, where a manifest has them.
  public let featureNames: [String]?
  /// The schema of the names or of the records; 0 where neither states one.
  public let schema: UInt32
  /// Run numbers, ascending; none in a `.npy`.
  public let runs: [UInt32]
  /// Notes for the user, such as of a torn tail.
  public let notes: [String]
  let content: Content

  /// SHA-256 of a `.npy` file, or of all records of a run in order. For a run of one segment it is
  /// that of the file. Reads everything.
  public func sha256() -> SHA256Digest {
    switch content {
    case .segments(_, let run): run.sha256()
    case .array(let array): array.sha256()
    }
  }

  /// Opens a run folder, a segment or a `.npy` file and looks through the records once: each must
  /// be whole and of the run's schema. Of a run only the events that `isTaken` accepts count.
  init(_ path: String, isTaken: ((EventRecordView, FlaggedRecordView?) -> Bool)?) throws {
    if try !isFolder(path) {
      let file = try MappedFile(path)
      if file.begins(with: NumpyHeader.magic) {
        try self.init(try NumpyArray(file))
        return
      }
    }
    try self.init(try RecordedRun(path), isTaken: isTaken)
  }

  private init(_ array: NumpyArray) throws {
    guard array.shape.count == 2, 1...EventRecord.featureCountMax ~= array.shape[1] else {
      let shape = array.shape.map(String.init).joined(separator: ", ")
      throw FileFault(
        file: array.path, place: "header", found: "shape (\(shape))",
        expected: "(N, D), an event a row, D from 1 to \(EventRecord.featureCountMax)",
        remedy: "numpy.save(name, array.reshape(-1, D)) writes it so")
    }
    path = array.path
    name = lastComponent(array.path)
    eventCount = array.shape[0]
    featureCount = array.shape[1]
    featureNames = nil
    schema = 0
    runs = []
    notes = []
    content = .array(array)
  }

  private init(
    _ run: RecordedRun, isTaken: ((EventRecordView, FlaggedRecordView?) -> Bool)?
  ) throws {
    var schema = run.featureNames.map { schemaPrefix(featureNames: $0) } ?? 0
    var runs: Set<UInt32> = []
    var latestRun: UInt32?
    var parts: [Part] = []
    var eventCount = 0
    for segment in run.segments {
      var steppedOver: [Int] = []
      try segment.read { records in
        for index in 0..<segment.recordCount {
          try records.check(index)
          let record = run.kind.event(at: records[index], featureCount: run.featureCount)
          if record.kind != .event || isTaken?(record, records.flagged(index)) == false {
            steppedOver.append(index)
          }
          if record.run != latestRun {
            latestRun = record.run
            runs.insert(record.run)
          }
          if schema == 0 { schema = record.schema }
          if record.schema != 0, record.schema != schema {
            var fault = records.fault(index, .schema)
            fault.expected = "\(schemaDescription(schema)), as the run has it"
            throw fault
          }
        }
      }
      let index = EventIndex(recordCount: segment.recordCount, steppedOver: steppedOver)
      parts.append(Part(segment: segment, index: index, firstEvent: eventCount))
      eventCount += index.eventCount
    }
    self.eventCount = eventCount
    path = run.path
    name = lastComponent(run.path)
    featureCount = run.featureCount
    featureNames = run.featureNames
    self.schema = schema
    self.runs = runs.sorted()
    notes = (run.notes + run.damage).map { "\(lastComponent(run.path)): \($0)" }
    content = .segments(parts, run: run)
  }
}

extension EventInput {
  /// Copies the features of events `range`, row after row.
  func copyFeatures(of range: Range<Int>, into destination: UnsafeMutablePointer<Float>) {
    switch content {
    case .array(let array):
      array.copy(
        range.lowerBound * featureCount..<range.upperBound * featureCount, into: destination)
    case .segments(let parts, let run):
      var out = destination
      forEachRecord(of: range, in: parts) { records, index in
        let event = run.kind.event(at: records[index], featureCount: featureCount)
        UnsafeMutableRawBufferPointer(start: out, count: featureCount * 4)
          .copyMemory(from: event.featureBytes)
        out += featureCount
      }
    }
  }

  /// Copies the condition fields of events `range`; NaN for the rows of a `.npy`, where the
  /// condition is not known.
  func copyConditions(of range: Range<Int>, into destination: UnsafeMutablePointer<Float>) {
    switch content {
    case .array: destination.update(repeating: .nan, count: range.count)
    case .segments(let parts, let run):
      var out = destination
      forEachRecord(of: range, in: parts) { records, index in
        out.pointee = run.kind.event(at: records[index], featureCount: featureCount).condition
        out += 1
      }
    }
  }

  /// The record of event `index`; nil in a `.npy`.
  func record(at index: Int) -> EventRecordView? {
    guard case .segments(let parts, let run) = content else { return nil }
    var found: EventRecordView?
    forEachRecord(of: index..<(index + 1), in: parts) { records, record in
      found = run.kind.event(at: records[record], featureCount: featureCount)
    }
    return found
  }

  /// The flagged record that carries event `index`; nil outside journals. Traps where there is no such
  /// event.
  public func flaggedRecord(at index: Int) -> FlaggedRecordView? {
    guard case .segments(let parts, _) = content else { return nil }
    var found: FlaggedRecordView?
    forEachRecord(of: index..<(index + 1), in: parts) { records, record in
      found = records.flagged(record)
    }
    return found
  }

  /// Visits the records of events `range`, each by its place in its segment. O(log segments), and
  /// O(log of the records stepped over) for each stretch of neighbours.
  private func forEachRecord(
    of range: Range<Int>, in parts: [Part], _ body: (SegmentRecords, _ index: Int) -> Void
  ) {
    var place = parts.indices.partitionPoint {
      parts[$0].firstEvent + parts[$0].index.eventCount <= range.lowerBound
    }
    while place < parts.count, parts[place].firstEvent < range.upperBound {
      let part = parts[place]
      let last = min(range.upperBound, part.firstEvent + part.index.eventCount)
      var event = max(range.lowerBound, part.firstEvent)
      part.segment.read { records in
        while event < last {
          let inPart = event - part.firstEvent
          let count = min(part.index.contiguousCount(from: inPart), last - event)
          let first = part.index.record(ofEvent: inPart)
          for index in first..<(first + count) { body(records, index) }
          event += count
        }
      }
      place += 1
    }
  }
}
