package import Calibration
package import ScoreEngine

/// How a study is made.
package struct StudySettings: Sendable {
  /// False-positive rates at which true-positive rates are read.
  package var targets: [FalsePositiveRate]
  /// The confidence of all intervals.
  package var confidence: Double
  /// Bootstrap repeats; 0 for none.
  package var bootstrapRepeats: Int
  /// The seed of the bootstrap's draws.
  package var seed: UInt64
  /// Components that the PCA residual leaves out; nil for those that explain 90 %.
  package var componentCount: Int?
  /// Events a second of the stream that the report's hourly numbers are for.
  package var inputRate: Double
  /// Grams of CO2 a kilowatt-hour.
  package var co2Intensity: Double
  /// Watts that a busy processor core is taken to draw where energy was not measured.
  package var coreWatts: Double
  /// Threads; no number depends on it.
  package var workers: Int
  /// Events scored at once; no number depends on it.
  package var batchMax: Int
  /// The kernels; no number depends on it.
  package var instructionSet: InstructionSet

  /// The defaults, for some kernels.
  package init(instructionSet: InstructionSet) {
    targets = Self.usualTargets
    confidence = 0.95
    bootstrapRepeats = 1000
    seed = 1
    inputRate = 1000
    co2Intensity = 450
    coreWatts = 10
    workers = 1
    batchMax = 256
    self.instructionSet = instructionSet
  }

  /// 1e-1 to 1e-5.
  static let usualTargets = ["1e-1", "1e-2", "1e-3", "1e-4", "1e-5"].compactMap {
    FalsePositiveRate($0)
  }

  var bootstrap: BootstrapPlan {
    BootstrapPlan(repeats: bootstrapRepeats, seed: seed, workers: workers, confidence: confidence)
  }
}
