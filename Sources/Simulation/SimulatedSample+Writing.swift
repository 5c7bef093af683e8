internal import EventRecords
internal import WorkerThreads

extension SimulatedSample {
  /// Events made at a time by all threads together.
  private static let chunkEventCount = 16_384

  /// Writes the sample: a `.npy` of shape (N, D) where `path` ends so, else a run folder with
  /// begin-of-run, N events and end-of-run.
  ///
  /// The bytes depend on the sample and `run` alone, not on the number of threads.
  ///
  /// - Parameters:
  ///   - run: run number of the records; without meaning for `.npy`.
  ///   - replacing: whether an existing file or run may be replaced.
  ///   - threadCount: threads that make events.
  ///   - progress: called now and then with the number of events written.
  /// - Throws: `FileFault` or `SystemCallError` where the output cannot be written.
  public func write(
    to path: String, run: UInt32 = 1, replacing: Bool = false, threadCount: Int = 1,
    progress: (Int) -> Void = { _ in }
  ) throws {
    if path.hasSuffix(".npy") {
      try writeArray(to: path, replacing, threadCount, progress)
    } else {
      try writeRun(to: path, run: run, replacing, threadCount, progress)
    }
  }

  private func writeArray(
    to path: String, _ replacing: Bool, _ threadCount: Int, _ progress: (Int) -> Void
  ) throws {
    let featureCount = physics.featureCount
    let file = try NumpyWriter(path, columnCount: featureCount, replacing: replacing)
    try forEachChunk(threadCount, progress, bytesPerEvent: 4 * featureCount) { part, bytes in
      fill(bytes.bindMemory(to: Float.self), events: part)
    } write: { bytes in
      try file.append(UnsafeBufferPointer(bytes.bindMemory(to: Float.self)))
    }
    try file.commit()
  }

  private func writeRun(
    to path: String, run: UInt32, _ replacing: Bool, _ threadCount: Int,
    _ progress: (Int) -> Void
  ) throws {
    let featureCount = physics.featureCount
    let names = physics.featureNames
    let timeline = SimulatedTimeline(
      run: run, featureCount: featureCount, schema: schemaPrefix(featureNames: names))
    let writer = try RunWriter(
      folder: path, kind: .events, featureCount: featureCount, featureNames: names,
      replacing: replacing)
    try writer.append(timeline.beginOfRun)
    let byteCount = EventRecord.byteCount(featureCount: featureCount)
    try forEachChunk(threadCount, progress, bytesPerEvent: byteCount) { part, bytes in
      encode(part, timeline, into: bytes)
    } write: { bytes in
      try writer.append(records: UnsafeRawBufferPointer(bytes))
    }
    try writer.append(timeline.endOfRun(eventCount: UInt64(eventCount)))
    try writer.finish(extras: ["simulation": record])
  }

  private func encode(
    _ events: Range<UInt64>, _ timeline: SimulatedTimeline,
    into bytes: UnsafeMutableRawBufferPointer
  ) {
    let featureCount = physics.featureCount
    let features = UnsafeMutableBufferPointer<Float>.allocate(
      capacity: events.count * featureCount)
    defer { features.deallocate() }
    fill(features, events: events)
    guard var record = bytes.baseAddress, var row = features.baseAddress else { return }
    for event in events {
      EventRecord.encode(
        timeline.event(event),
        features: UnsafeBufferPointer(start: row, count: featureCount), into: record)
      record += EventRecord.byteCount(featureCount: featureCount)
      row += featureCount
    }
  }

  /// Makes all events chunk by chunk, each chunk's parts on threads of their own, and hands the
  /// chunks to `write` in order.
  private func forEachChunk(
    _ threadCount: Int, _ progress: (Int) -> Void, bytesPerEvent: Int,
    make: @escaping @Sendable (Range<UInt64>, UnsafeMutableRawBufferPointer) -> Void,
    write: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Self.chunkEventCount * bytesPerEvent, alignment: 64)
    defer { buffer.deallocate() }
    let shared = UnsafeSendable(buffer)
    for start in stride(from: 0, to: eventCount, by: Self.chunkEventCount) {
      let count = min(Self.chunkEventCount, eventCount - start)
      withWorkers(threadCount, name: "simulate") { worker in
        let first = count * worker / threadCount
        let end = count * (worker + 1) / threadCount
        make(
          UInt64(start + first)..<UInt64(start + end),
          UnsafeMutableRawBufferPointer(
            rebasing: shared.value[first * bytesPerEvent..<end * bytesPerEvent]))
      }
      try write(UnsafeMutableRawBufferPointer(rebasing: buffer[..<(count * bytesPerEvent)]))
      progress(start + count)
    }
  }

  /// How the sample was made, for the run's manifest.
  private var record: JSONValue {
    var fields: [String: JSONValue] = [
      "process_seed": .count(physics.processSeed), "seed": .count(seed),
      "events": .count(eventCount),
    ]
    switch content {
    case .background:
      fields["content"] = .string("background")
    case .anomalies(let scale, let spread):
      fields["content"] = .string("anomalies")
      fields["scale"] = .number(scale)
      fields["spread"] = .number(spread)
    case .shiftedBackground(let scale):
      fields["content"] = .string("shifted background")
      fields["scale"] = .number(scale)
    }
    return .object(fields)
  }
}

extension RunWriter {
  /// Appends a control record.
  fileprivate func append(_ header: EventHeader) throws {
    let byteCount = EventRecord.byteCount(featureCount: header.featureCount)
    try withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 8) { bytes in
      guard let base = bytes.baseAddress else { return }
      EventRecord.encode(header, features: nil, into: base)
      try append(records: UnsafeRawBufferPointer(bytes))
    }
  }
}
