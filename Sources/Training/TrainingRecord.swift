internal import FoundationEssentials
internal import ScoreModel

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
  /// Pairs of steps done and mean loss since the pair before.
  let lossHistory: [[Double]]

  enum CodingKeys: String, CodingKey {
    case program, method, events, features, steps, batch, seed, output, optimiser, hidden, blocks
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
    case lossHistory = "loss_history"
  }

  init(
    _ configuration: TrainingConfiguration, events: TrainingEvents, program: String,
    lossHistory: [LossPoint]
  ) {
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
    self.lossHistory = lossHistory.map { [Double($0.step), $0.loss] }
  }

  /// A JSON object, keys sorted.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
