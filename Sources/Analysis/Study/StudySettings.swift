public import Calibration
public import ScoreEngine

/// How a study is made.
public struct StudySettings: Sendable {
  /// False-positive rates at which true-positive rates are read.
  public var targets: [FalsePositiveRate]
  /// The confidence of all intervals.
  public var confidence: Double
  /// Bootstrap repeats; 0 for none.
  public var bootstrapRepeats: Int
  /// The seed of the bootstrap's draws.
  public var seed: UInt64
  /// Components that the PCA residual leaves out; nil for those that explain 90 %.
  public var componentCount: Int?
  /// Events a second of the stream that the report's hourly numbers are for.
  public var inputRate: Double
  /// Grams of CO2 a kilowatt-hour.
  public var co2Intensity: Double
  /// Watts that a busy processor core is taken to draw where energy was not measured.
  public var coreWatts: Double
  /// Threads; no number depends on it.
  public var workers: Int
  /// Events scored at once; no number depends on it.
  public var batchMax: Int
  /// The kernels; no number depends on it.
  public var instructionSet: InstructionSet

  /// The defaults, for some kernels.
  public init(instructionSet: InstructionSet) {
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
  public static let usualTargets = ["1e-1", "1e-2", "1e-3", "1e-4", "1e-5"].compactMap {
    FalsePositiveRate($0)
  }

  var bootstrap: BootstrapPlan {
    BootstrapPlan(repeats: bootstrapRepeats, seed: seed, workers: workers, confidence: confidence)
  }
}
