internal import ScoreModel
internal import StrictJSON

/// The training record of a model file: all that determines the model, and how the loss fell. Nothing
/// in it differs between two trainings of the same recipe on the same events: no time, no date, no
/// number of threads.
struct TrainingRecord {
  private var members: JSONObject

  /// A JSON object, keys sorted.
  var json: String { JSONValue.object(members).sortedText(isIndented: false) }

  /// The record of a score network's training.
  init(
    score configuration: TrainingConfiguration, events: TrainingEvents, program: String,
    roundedFeatures: [Int], lossHistory: [LossPoint], measurement: NetworkMeasurement?,
    distance: String
  ) {
    self.init(
      method: "denoising score matching", configuration, events: events, program: program,
      roundedFeatures: roundedFeatures, lossHistory: lossHistory)
    members.merge([
      "output": .string(configuration.output.rawValue),
      "sigma_max": .shortest(configuration.sigmaMax),
      "sigma_min": .shortest(configuration.sigmaMin),
      "noise_levels": .integer(configuration.levelCount),
      "hidden": .integer(configuration.hiddenWidth), "blocks": .integer(configuration.blockCount),
      // Whether and why the distance to training events is part of the score.
      "distance": .string(distance),
    ])
    // The number of networks of the width above that were averaged.
    if configuration.memberCount > 1 { members["members"] = .integer(configuration.memberCount) }
    guard let measurement, measurement.isHeldOut else { return }
    // Levels and weights were chosen by the rows of the table.
    members["scoring_levels"] = .string("auto")
    members["held_out_events"] = .integer(measurement.eventCount)
    members["level_table"] = .array(measurement.levels.map(\.record))
  }

  /// The record of an autoencoder's training.
  init(
    autoencoder configuration: TrainingConfiguration, events: TrainingEvents, program: String,
    roundedFeatures: [Int], lossHistory: [LossPoint]
  ) {
    self.init(
      method: "reconstruction", configuration, events: events, program: program,
      roundedFeatures: roundedFeatures, lossHistory: lossHistory)
    members["hidden_layers"] = .integers(configuration.autoencoderLayers)
  }

  private init(
    method: String, _ configuration: TrainingConfiguration, events: TrainingEvents,
    program: String, roundedFeatures: [Int], lossHistory: [LossPoint]
  ) {
    let flags = configuration.logarithmicFeatures ?? []
    members = [
      "program": .string(program), "method": .string(method),
      "events": .integer(events.eventCount), "features": .integer(events.featureCount),
      "steps": .integer(configuration.steps), "batch": .integer(configuration.batchSize),
      "seed": .integer(configuration.seed),
      "learning_rate": .shortest(configuration.learningRate),
      "learning_rate_schedule": .string(configuration.schedule.rawValue),
      "optimiser": .string("adam"),
      "adam_betas": .array([.shortest(AdamSchedule.beta1), .shortest(AdamSchedule.beta2)]),
      "adam_epsilon": .shortest(AdamSchedule.epsilon),
      "logarithmic_features": .integers(flags.indices.filter { flags[$0] }),
      // Pairs of steps done and mean loss since the pair before.
      "loss_history": .array(
        lossHistory.map { .array([.integer($0.step), .shortest($0.loss)]) }),
    ]
    members["data_sha256"] = events.sha256.map(JSONValue.string)
    members["ema_decay"] = configuration.emaDecay.map { .shortest($0) }
    members["clip"] = configuration.clip.map { .shortest($0) }
    if !roundedFeatures.isEmpty { members["rounded_features"] = .integers(roundedFeatures) }
  }
}

extension NoiseLevelSummary {
  /// A row of the record's table; a number that is not finite is left out.
  fileprivate var record: JSONValue {
    var row: JSONObject = ["sigma": .shortest(sigma)]
    func add(_ name: String, _ value: Double?) {
      if let value, value.isFinite { row[name] = .shortest(value) }
    }
    add("explained_noise", explainedNoise)
    add("linear_explained_noise", linearExplainedNoise)
    add("norm_mean", normMean)
    add("norm_spread", normSpread)
    return .object(row)
  }
}

extension JSONValue {
  fileprivate static func integers(_ values: [Int]) -> JSONValue {
    .array(values.map { .integer($0) })
  }
}
