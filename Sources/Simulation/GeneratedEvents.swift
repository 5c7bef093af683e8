internal import DurableFiles
internal import EventRecords
internal import RunFiles
package import StrictJSON
internal import WorkerThreads

/// Events that a program makes. Each depends on its place alone: files of them are the same bytes
/// with any number of threads.
package struct GeneratedEvents: Sendable {
  /// D.
  package let featureCount: Int
  /// D names, or nil.
  package let featureNames: [String]?
  /// The number of events.
  package let eventCount: Int
  /// Sections of the run's manifest that say how the events were made.
  package let origin: JSONObject
  /// Events made at a time by all threads together, and written before the next ones are made.
  package let chunkEventCount: Int
  /// Makes the events of a range: D features each, row-major. Called from any thread.
  package let fill: @Sendable (UnsafeMutableBufferPointer<Float>, Range<UInt64>) throws -> Void

  /// Memory for one chunk of events.
  private static let chunkByteCountMax = 1 << 26

  /// Describes events; nothing is made yet.
  package init(
    featureCount: Int, featureNames: [String]?, eventCount: Int,
    origin: JSONObject = [:], chunkEventCount: Int = 16_384,
    fill: @escaping @Sendable (UnsafeMutableBufferPointer<Float>, Range<UInt64>) throws -> Void
  ) {
    precondition(featureCount >= 1 && eventCount >= 0 && chunkEventCount >= 1)
    precondition(featureNames == nil || featureNames?.count == featureCount)
    self.featureCount = featureCount
    self.featureNames = featureNames
    self.eventCount = eventCount
    self.origin = origin
    self.chunkEventCount = chunkEventCount
    self.fill = fill
  }

  /// Writes the events: a `.npy` of shape (N, D) where `path` ends so, else a run folder with
  /// begin-of-run, N events and end-of-run on the timeline of `SimulatedTimeline`.
  ///
  /// - Parameters:
  ///   - run: run number of the records; without meaning for `.npy`.
  ///   - replacing: whether an existing file or run may be replaced.
  ///   - threadCount: threads that make events.
  ///   - progress: called now and then with the number of events written.
  /// - Throws: `FileFault` or `SystemCallError` where the output cannot be written, and what `fill`
  ///   throws.
  package func write(
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
    let file = try NumpyWriter(path, columnCount: featureCount, replacing: replacing)
    try forEachChunk(threadCount, progress, bytesPerEvent: 4 * featureCount) { part, bytes in
      try fill(bytes.bindMemory(to: Float.self), part)
    } write: { bytes in
      try file.append(UnsafeBufferPointer(bytes.bindMemory(to: Float.self)))
    }
    try file.commit()
  }

  private func writeRun(
    to path: String, run: UInt32, _ replacing: Bool, _ threadCount: Int,
    _ progress: (Int) -> Void
  ) throws {
    let timeline = SimulatedTimeline(
      run: run, featureCount: featureCount,
      schema: featureNames.map { schemaPrefix(featureNames: $0) } ?? 0)
    let writer = try RunWriter(
      folder: path, kind: .events, featureCount: featureCount, featureNames: featureNames,
      replacing: replacing, unfinished: .isDiscarded)
    try writer.append(timeline.beginOfRun)
    let byteCount = EventRecord.byteCount(featureCount: featureCount)
    try forEachChunk(threadCount, progress, bytesPerEvent: byteCount) { part, bytes in
      try encode(part, timeline, into: bytes)
    } write: { bytes in
      try writer.append(records: UnsafeRawBufferPointer(bytes))
    }
    try writer.append(timeline.endOfRun(eventCount: UInt64(eventCount)))
    try writer.finish(extras: origin)
  }

  private func encode(
    _ events: Range<UInt64>, _ timeline: SimulatedTimeline,
    into bytes: UnsafeMutableRawBufferPointer
  ) throws {
    let features = UnsafeMutableBufferPointer<Float>.allocate(
      capacity: events.count * featureCount)
    defer { features.deallocate() }
    try fill(features, events)
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
  /// chunks to `write` in order. The first error in the order of events is thrown.
  private func forEachChunk(
    _ threadCount: Int, _ progress: (Int) -> Void, bytesPerEvent: Int,
    make: @escaping @Sendable (Range<UInt64>, UnsafeMutableRawBufferPointer) throws -> Void,
    write: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    // A chunk holds fewer wide events. No event depends on that.
    let chunkEventCount = max(1, min(chunkEventCount, Self.chunkByteCountMax / bytesPerEvent))
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: chunkEventCount * bytesPerEvent, alignment: 64)
    defer { buffer.deallocate() }
    let failures = UnsafeMutableBufferPointer<(any Error)?>.allocate(capacity: threadCount)
    failures.initialize(repeating: nil)
    defer { failures.deinitialize().deallocate() }
    // Each thread writes its own part and its own failure; all have ended before either is read.
    let shared = UnsafeSendable((buffer: buffer, failures: failures))
    for start in stride(from: 0, to: eventCount, by: chunkEventCount) {
      let count = min(chunkEventCount, eventCount - start)
      withWorkers(threadCount, name: "simulate") { worker in
        let first = count * worker / threadCount
        let end = count * (worker + 1) / threadCount
        do {
          try make(
            UInt64(start + first)..<UInt64(start + end),
            UnsafeMutableRawBufferPointer(
              rebasing: shared.value.buffer[first * bytesPerEvent..<end * bytesPerEvent]))
        } catch {
          shared.value.failures[worker] = error
        }
      }
      if let failure = failures.lazy.compactMap({ $0 }).first { throw failure }
      try write(UnsafeMutableRawBufferPointer(rebasing: buffer[..<(count * bytesPerEvent)]))
      progress(start + count)
    }
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
