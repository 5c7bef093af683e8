internal import ScoreModel

/// Trains an autoencoder on background by its mean squared error: the baseline that the score
/// network is compared with; docs/method-training.md has the recipe.
///
/// The same events and recipe give the same model, byte for byte, as for `trainScoreNetwork`, whose
/// parameters these are; `configuration.network` is taken to be an autoencoder.
///
/// - Throws: `TrainingError`, and what `events` throws.
package func trainAutoencoder(
  on events: TrainingEvents, configuration: TrainingConfiguration, program: String,
  progress: (TrainingProgress) -> Void = { _ in }
) throws -> TrainingResult {
  var configuration = configuration
  configuration.network = .autoencoder
  try configuration.check(featureCount: events.featureCount)
  let clock = TrainingClock()
  let standardised = try StandardisedEvents(
    events, logarithmic: configuration.logarithmicFeatures, clip: configuration.clip)
  let run = try TrainingRun(configuration, events: standardised)
  work(run, configuration: configuration, progress: progress)
  try run.checkConverged()
  let record = TrainingRecord(
    autoencoder: configuration, events: events, program: program,
    roundedFeatures: standardised.roundedFeatures, lossHistory: run.history.points)
  let model = TrainedModel(
    autoencoder: run.parameters, standardiser: standardised.standardiser,
    featureNames: events.featureNames, trainingRecord: record.json)
  return TrainingResult(
    events: standardised, model: model, lossHistory: run.history.points, measurement: nil,
    choices: [], cost: clock.cost(threads: configuration.threads))
}
