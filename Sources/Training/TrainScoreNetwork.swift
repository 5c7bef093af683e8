internal import ScoreModel
internal import WorkerThreads

/// Trains a noise-conditioned score network by multi-scale denoising score matching (Vincent 2011,
/// Song and Ermon 2019); docs/method-training.md has the formulas.
///
/// The same events and recipe give the same model, byte for byte, whatever the number of threads,
/// the instruction set and the machine. All events are kept in memory as float32.
///
/// - Parameters:
///   - events: at least 2, all features finite.
///   - configuration: the recipe.
///   - program: name and version of the program, for the training record.
///   - progress: called on the calling thread a few times a second at most, and after the last step.
/// - Throws: `TrainingError`, and what `events` throws.
public func trainScoreNetwork(
  on events: TrainingEvents, configuration: TrainingConfiguration, program: String,
  progress: (TrainingProgress) -> Void = { _ in }
) throws -> TrainingResult {
  precondition(configuration.network == .score)
  try configuration.check(featureCount: events.featureCount)
  let clock = TrainingClock()
  let standardised = try StandardisedEvents(
    events, logarithmic: configuration.logarithmicFeatures, clip: configuration.clip)
  let run = try TrainingRun(configuration, events: standardised)
  work(run, configuration: configuration, progress: progress)
  try run.checkConverged()
  let record = TrainingRecord(
    configuration, events: events, program: program, lossHistory: run.history.points)
  let model = TrainedModel(
    parameters: run.parameters, sigmas: configuration.noiseSchedule.sigmas,
    standardiser: standardised.standardiser, featureNames: events.featureNames,
    scoring: configuration.scoring, trainingRecord: try record.json())
  return TrainingResult(
    model: model, lossHistory: run.history.points,
    cost: TrainingCost(
      wallSeconds: clock.wallSeconds, cpuSeconds: clock.cpuSeconds,
      threads: configuration.threads))
}

/// Runs all threads to the end of the training; the calling one is thread 0.
func work(
  _ run: TrainingRun, configuration: TrainingConfiguration,
  progress: (TrainingProgress) -> Void
) {
  withoutActuallyEscaping(progress) { progress in
    // Only thread 0, which is the calling one, touches the report.
    let report = UnsafeSendable(ProgressReport(stepCount: configuration.steps, progress))
    withWorkers(configuration.threads, name: "tamis-train") { thread in
      guard thread == 0 else { return run.work(thread: thread) {} }
      var report = report.value
      run.work(thread: 0) {
        report.note(step: run.stepsDone, smoothedLoss: run.history.smoothedLoss)
      }
    }
  }
}

extension TrainingConfiguration {
  /// The scoring that the model file gets.
  var scoring: Scoring {
    Scoring(
      levels: scoringLevels ?? noiseSchedule.scoringLevels, weights: scoringWeights,
      output: output)
  }
}
