internal import FoundationEssentials

/// The training record in an autoencoder's model file, under the rules of `TrainingRecord`.
struct ReconstructionRecord: Encodable {
  let program: String
  let method = "reconstruction"
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
  let hiddenLayers: [Int]
  let clip: Float?
  let logarithmicFeatures: [Int]
  /// Left out where there is none.
  let roundedFeatures: [Int]?
  /// Pairs of steps done and mean loss since the pair before.
  let lossHistory: [[Double]]

  enum CodingKeys: String, CodingKey {
    case program, method, events, features, steps, batch, seed, optimiser, clip
    case dataSHA256 = "data_sha256"
    case learningRate = "learning_rate"
    case learningRateSchedule = "learning_rate_schedule"
    case adamBetas = "adam_betas"
    case adamEpsilon = "adam_epsilon"
    case emaDecay = "ema_decay"
    case hiddenLayers = "hidden_layers"
    case logarithmicFeatures = "logarithmic_features"
    case roundedFeatures = "rounded_features"
    case lossHistory = "loss_history"
  }

  init(
    _ configuration: TrainingConfiguration, events: TrainingEvents, program: String,
    roundedFeatures: [Int], lossHistory: [LossPoint]
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
    hiddenLayers = configuration.autoencoderLayers
    clip = configuration.clip
    let flags = configuration.logarithmicFeatures ?? []
    logarithmicFeatures = flags.indices.filter { flags[$0] }
    self.roundedFeatures = roundedFeatures.isEmpty ? nil : roundedFeatures
    self.lossHistory = lossHistory.map { [Double($0.step), $0.loss] }
  }

  /// A JSON object, keys sorted.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
