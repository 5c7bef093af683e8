internal import EventRecords
internal import RunFiles
internal import StrictJSON

/// A sample of the reference physics.
package struct SimulatedSample: Sendable {
  /// What its events are.
  package enum Content: Equatable, Sendable {
    /// The four processes.
    case background
    /// Anomalies: `scale` multiplies the shift, `spread` is the standard deviation.
    case anomalies(scale: Double = 1, spread: Double = 0.5)
    /// The background events of the same seed, each with `scale` times the anomalies' shift added.
    case shiftedBackground(scale: Double = 0.5)
  }

  /// The physics that it shares with other samples.
  package let physics: ReferencePhysics
  /// What its events are.
  package let content: Content
  /// The number of events.
  package let eventCount: Int
  /// Samples of different seeds are independent.
  package let seed: UInt64

  /// Describes a sample; nothing is made yet.
  package init(physics: ReferencePhysics, content: Content, eventCount: Int, seed: UInt64 = 1) {
    precondition(eventCount >= 0)
    self.physics = physics
    self.content = content
    self.eventCount = eventCount
    self.seed = seed
  }

  /// Makes the events of a range: D features each, row-major.
  package func fill(_ out: UnsafeMutableBufferPointer<Float>, events: Range<UInt64>) {
    switch content {
    case .background:
      physics.fillBackground(out, events: events, seed: seed)
    case .anomalies(let scale, let spread):
      physics.fillAnomalies(out, events: events, seed: seed, scale: scale, spread: spread)
    case .shiftedBackground(let scale):
      physics.fillBackground(out, events: events, seed: seed)
      physics.addAnomalyShift(to: out, scale: scale)
    }
  }
}

extension SimulatedSample {
  /// Writes the sample as `GeneratedEvents.write` does. The bytes depend on the sample and `run`
  /// alone, not on the number of threads.
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
