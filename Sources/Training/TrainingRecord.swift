internal import FoundationEssentials
internal import ScoreModel

/// One row of the record's table of noise levels; a number that is not finite is left out.
struct LevelRow: Encodable {
  let sigma: Float
  let explainedNoise: Double?
  let linearExplainedNoise: Double?
  let normMean: Double?
  let normSpread: Double?

  enum CodingKeys: String, CodingKey {
    case sigma
    case explainedNoise = "explained_noise"
    case linearExplainedNoise = "linear_explained_noise"
    case normMean = "norm_mean"
    case normSpread = "norm_spread"
  }

  init(_ level: NoiseLevelSummary) {
    func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
    sigma = level.sigma
    explainedNoise = finite(level.explainedNoise)
    linearExplainedNoise = finite(level.linearExplainedNoise)
    normMean = finite(level.normMean)
    normSpread = finite(level.normSpread)
  }
}

/// What the model file says about its training: all that determines the model, and how the loss
/// fell. Nothing that differs between two trainings of the same recipe on the same events: no
/// time, no date, no number of threads.
struct TrainingRecord: Encodable {
  let program: String
  let method = "denoising score matching"
  let dataSHA256: String?
  let events: Int
  let features: Int
  let steps: Int
  let batch: Int
  let seed: UInt64
  let learningRate: Double
  let learningRateSchedule: String
  let optimiser = "adam"
  let adamBetas = [AdamSchedule.beta1, AdamSchedule.beta2]
  let adamEpsilon = AdamSchedule.epsilon
  let emaDecay: Double?
  let output: String
  let sigmaMax: Double
  let sigmaMin: Double
  let noiseLevels: Int
  let hidden: Int
  let blocks: Int
  let clip: Float?
  let logarithmicFeatures: [Int]
  /// Left out where there is none.
  let roundedFeatures: [Int]?
  /// `auto` where levels and weights were chosen by the rows of `levelTable`.
  let scoringLevels: String?
  let heldOutEvents: Int?
  /// Whether and why the distance to training events is part of the score.
  let distance: String
  let levelTable: [LevelRow]?
  /// Pairs of steps done and mean loss since the pair before.
  let lossHistory: [[Double]]

  enum CodingKeys: String, CodingKey {
    case program, method, events, features, steps, batch, seed, output, optimiser, hidden, blocks
    case distance
    case clip
    case dataSHA256 = "data_sha256"
    case learningRate = "learning_rate"
    case learningRateSchedule = "learning_rate_schedule"
    case adamBetas = "adam_betas"
    case adamEpsilon = "adam_epsilon"
    case emaDecay = "ema_decay"
    case sigmaMax = "sigma_max"
    case sigmaMin = "sigma_min"
    case noiseLevels = "noise_levels"
    case logarithmicFeatures = "logarithmic_features"
    case roundedFeatures = "rounded_features"
    case scoringLevels = "scoring_levels"
    case heldOutEvents = "held_out_events"
    case levelTable = "level_table"
    case lossHistory = "loss_history"
  }

  init(
    _ configuration: TrainingConfiguration, events: TrainingEvents, program: String,
    roundedFeatures: [Int], lossHistory: [LossPoint], measurement: NetworkMeasurement?,
    distance: String
  ) {
    self.distance = distance
    self.program = program
    dataSHA256 = events.sha256
    self.events = events.eventCount
    features = events.featureCount
    steps = configuration.steps
    batch = configuration.batchSize
    seed = configuration.seed
    learningRate = configuration.learningRate
    learningRateSchedule = configuration.schedule.rawValue
    emaDecay = configuration.emaDecay
    output = configuration.output.rawValue
    sigmaMax = configuration.sigmaMax
    sigmaMin = configuration.sigmaMin
    noiseLevels = configuration.levelCount
    hidden = configuration.hiddenWidth
    blocks = configuration.blockCount
    clip = configuration.clip
    let flags = configuration.logarithmicFeatures ?? []
    logarithmicFeatures = flags.indices.filter { flags[$0] }
    self.roundedFeatures = roundedFeatures.isEmpty ? nil : roundedFeatures
    let heldOut = measurement.flatMap { $0.isHeldOut ? $0 : nil }
    scoringLevels = heldOut == nil ? nil : "auto"
    heldOutEvents = heldOut?.eventCount
    levelTable = heldOut?.levels.map(LevelRow.init)
    self.lossHistory = lossHistory.map { [Double($0.step), $0.loss] }
  }

  /// A JSON object, keys sorted.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
