internal import EventRecords
internal import RunFiles
internal import StrictJSON

extension SimulatedSample {
  /// Writes the sample as `GeneratedEvents.write` does.
  ///
  /// The bytes depend on the sample and `run` alone, not on the number of threads.
  ///
  /// - Parameters:
  ///   - run: run number of the records; without meaning for `.npy`.
  ///   - replacing: whether an existing file or run may be replaced.
  ///   - threadCount: threads that make events.
  ///   - progress: called now and then with the number of events written.
  /// - Throws: `FileFault` or `SystemCallError` where the output cannot be written.
  package func write(
    to path: String, run: UInt32 = 1, replacing: Bool = false, threadCount: Int = 1,
    progress: (Int) -> Void = { _ in }
  ) throws {
    let events = GeneratedEvents(
      featureCount: physics.featureCount, featureNames: physics.featureNames,
      eventCount: eventCount, origin: ["simulation": record]
    ) { features, events in fill(features, events: events) }
    try events.write(
      to: path, run: run, replacing: replacing, threadCount: threadCount, progress: progress)
  }

  /// How the sample was made, for the run's manifest.
  private var record: JSONValue {
    var fields: JSONObject = [
      "process_seed": .integer(physics.processSeed), "seed": .integer(seed),
      "events": .integer(eventCount),
    ]
    switch content {
    case .background:
      fields["content"] = .string("background")
    case .anomalies(let scale, let spread):
      fields["content"] = .string("anomalies")
      fields["scale"] = .shortest(scale)
      fields["spread"] = .shortest(spread)
    case .shiftedBackground(let scale):
      fields["content"] = .string("shifted background")
      fields["scale"] = .shortest(scale)
    }
    return .object(fields)
  }
}
