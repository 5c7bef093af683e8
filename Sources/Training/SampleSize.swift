/// What a training's length and width are where nobody gives them: by the size of the sample and
/// by how much of it is determined.
package struct SampleSize: Equatable, Sendable {
  /// A sample of this many events or more is large.
  static let largeEventCount = 20_000
  /// With fewer events than this a detector is a guess at the tails of background.
  package static let fewEventCount = 1_000
  /// From this share on, of noise that a linear filter explains at the finest level, background
  /// lies so near to a subspace that a network of less capacity is enough; a larger one learns
  /// events by heart.
  static let determinedShare = 0.25

  /// How many events there are.
  package let eventCount: Int
  /// The share of the noise that a linear filter explains at the finest level of the ladder.
  package let linearExplainedNoise: Double

  /// A sample.
  package init(eventCount: Int, linearExplainedNoise: Double) {
    self.eventCount = eventCount
    self.linearExplainedNoise = linearExplainedNoise
  }

  /// Whether there are many events.
  var isLarge: Bool { eventCount >= SampleSize.largeEventCount }
  /// Whether background lies near a subspace.
  var isDetermined: Bool { linearExplainedNoise >= SampleSize.determinedShare }

  /// Training steps.
  package var steps: Int { isLarge ? 20_000 : 4_000 }
  /// Events a step.
  package var batchSize: Int { isLarge ? 512 : 256 }
  /// Width of the residual blocks.
  package var hiddenWidth: Int { isLarge && !isDetermined ? 192 : 128 }
  /// The number of residual blocks.
  package var blockCount: Int { isLarge && isDetermined ? 2 : 3 }

  /// Why.
  var reason: String {
    if !isLarge { return "\(eventCount) events are fewer than \(SampleSize.largeEventCount)" }
    return "\(eventCount) events are many, and at the finest level a linear filter explains "
      + "\(rounded(linearExplainedNoise)) of the noise, \(isDetermined ? "at least" : "less than") "
      + "\(SampleSize.determinedShare)"
  }
}

/// Settings that `SampleSize` decides.
package struct FittedSettings: OptionSet, Sendable {
  /// The bits.
  package let rawValue: Int

  /// Creates a set.
  package init(rawValue: Int) { self.rawValue = rawValue }

  /// `TrainingConfiguration.steps`.
  package static let steps = FittedSettings(rawValue: 1)
  /// `TrainingConfiguration.batchSize`.
  package static let batchSize = FittedSettings(rawValue: 2)
  /// `TrainingConfiguration.hiddenWidth`.
  package static let hiddenWidth = FittedSettings(rawValue: 4)
  /// `TrainingConfiguration.blockCount`.
  package static let blockCount = FittedSettings(rawValue: 8)
  /// `TrainingConfiguration.memberCount`, which what a first network does decides, not the size.
  package static let memberCount = FittedSettings(rawValue: 16)
}

extension TrainingConfiguration {
  /// Puts the sample's values in the place of those that are left to it, and says so; nil where
  /// none is.
  package mutating func fit(_ size: SampleSize) -> String? {
    if fitted.contains(.steps) { steps = size.steps }
    if fitted.contains(.batchSize) { batchSize = size.batchSize }
    if fitted.contains(.hiddenWidth) { hiddenWidth = size.hiddenWidth }
    if fitted.contains(.blockCount) { blockCount = size.blockCount }
    if fitted.isEmpty { return nil }
    return "\(blockCount) blocks of width \(hiddenWidth), \(steps) steps of \(batchSize) events: "
      + size.reason
  }
}
