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
