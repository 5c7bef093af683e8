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
///   - progress: called on the calling thread a few times a second at most, and after the last
///     step.
/// - Throws: `TrainingError`, and what `events` throws.
package func trainScoreNetwork(
  on events: TrainingEvents, configuration: TrainingConfiguration, program: String,
  progress: (TrainingProgress) -> Void = { _ in }
) throws -> TrainingResult {
  precondition(configuration.network == .score)
  try configuration.check(featureCount: events.featureCount)
  let clock = TrainingClock()
  let split = try configuration.split(eventCount: events.eventCount)
  let standardised = try StandardisedEvents(
    events, logarithmic: configuration.logarithmicFeatures, clip: configuration.clip)
  let linear = LinearDenoiser(standardised, split: split)
  var configuration = configuration
  let sample = SampleSize(
    eventCount: events.eventCount,
    linearExplainedNoise: configuration.finestExplainedNoise(linear))
  let sized = configuration.fit(sample)
  if configuration.narrowsNoise, configuration.scoringLevels == nil {
    configuration.narrowNoise(linear)
  }
  try configuration.check(featureCount: events.featureCount)
  func train(_ member: Int) throws -> (parameters: NetworkParameters, history: [LossPoint]) {
    try trainMember(
      member, configuration: configuration, events: standardised, split: split, progress: progress)
  }
  func judge(_ members: [NetworkParameters]) throws -> JudgedNetwork {
    try JudgedNetwork(
      averaging: members, configuration: configuration, events: standardised, split: split,
      linear: linear)
  }
  let (first, history) = try train(0)
  // The first network decides alone, also where the number of networks is given.
  var network = try judge([first])
  let members = configuration.chosenMembers(sample, hasDistance: network.distance != nil)
  configuration.memberCount = members.count
  if members.count > 1 {
    try configuration.check(featureCount: events.featureCount)
    let others = try (1..<members.count).map { try train($0).parameters }
    network = try judge([first] + others).keepingChoice(of: network)
  }
  let record = TrainingRecord(
    score: configuration, events: events, program: program,
    roundedFeatures: standardised.roundedFeatures, lossHistory: history,
    measurement: network.measurement, distance: network.distanceReason)
  let model = TrainedModel(
    parameters: network.parameters, sigmas: configuration.noiseSchedule.sigmas,
    standardiser: standardised.standardiser, featureNames: events.featureNames,
    scoring: network.scoring, distance: network.distance, trainingRecord: record.json)
  return TrainingResult(
    events: standardised, model: model, lossHistory: history, measurement: network.measurement,
    choices: [sized, members.reason].compactMap { $0 }
      + configuration.choices(network.scoring, measurement: network.measurement)
      + [network.distanceReason],
    cost: clock.cost(threads: configuration.threads))
}

/// A network, or the mean of several, with the choices that its measurement on background decides.
private struct JudgedNetwork {
  let parameters: NetworkParameters
  let measurement: NetworkMeasurement?
  let scoring: Scoring
  private(set) var distance: NeighbourDistance?
  /// Why there is a distance, or none.
  private(set) var distanceReason: String

  init(
    averaging members: [NetworkParameters], configuration: TrainingConfiguration,
    events: StandardisedEvents, split: HeldOutSplit, linear: LinearDenoiser
  ) throws {
    parameters = NetworkParameters(averaging: members)
    measurement = try NetworkMeasuring(
      configuration: configuration, events: events, split: split, linear: linear
    ).measure(parameters)
    scoring = configuration.scoring(measurement, isAveraged: members.count > 1)
    (distance, distanceReason) = try NeighbourFitting(events: events, split: split).choose(
      configuration.distance, scoring: scoring, measurement: measurement,
      isAutomatic: configuration.scoringLevels == nil)
  }

  /// Without a distance where `first` has none: the number of networks rests on that. Where there
  /// is one, its weight is told from the norms of the network that scores.
  func keepingChoice(of first: JudgedNetwork) -> JudgedNetwork {
    guard first.distance == nil else { return self }
    var network = self
    (network.distance, network.distanceReason) = (nil, first.distanceReason)
    return network
  }
}

/// Trains one of the networks whose outputs are averaged, or the only one, from a seed of its own.
private func trainMember(
  _ member: Int, configuration: TrainingConfiguration, events: StandardisedEvents,
  split: HeldOutSplit, progress: (TrainingProgress) -> Void
) throws -> (parameters: NetworkParameters, history: [LossPoint]) {
  var configuration = configuration
  configuration.seed &+= UInt64(member)
  let run = try TrainingRun(configuration, events: events, split: split)
  work(run, configuration: configuration, progress: progress)
  try run.checkConverged()
  return (run.parameters, run.history.points)
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
  /// Where levels are to be chosen, the network must not have seen what they are chosen by. With
  /// levels that are given it learns from all events.
  fileprivate func split(eventCount: Int) throws(TrainingError) -> HeldOutSplit {
    let choosesLevels = scoringLevels == nil
    var isMeasured = choosesLevels
    if case .weighted = distance { isMeasured = true }
    if isMeasured, eventCount < HeldOutSplit.period {
      throw TrainingError.tooFewEvents(found: eventCount, needed: HeldOutSplit.period)
    }
    return HeldOutSplit(eventCount: eventCount, holdsOut: choosesLevels)
  }

  /// What was chosen and why, a sentence each.
  fileprivate func choices(_ scoring: Scoring, measurement: NetworkMeasurement?) -> [String] {
    guard scoringLevels == nil, let measurement else { return [] }
    let row = measurement.levels[scoring.levels[0]]
    let ladder =
      narrowsNoise
      ? [
        "noise levels from \(Float(sigmaMax)) to \(Float(sigmaMin)) are trained: around these the "
          + "noise is about as wide as background's own structure, by what a linear filter explains"
      ] : []
    let share = rounded(row.explainedNoise)
    let why =
      row.explainedNoise >= explainedNoiseMin
      ? "the smallest noise\(memberCount > 1 ? " but the last" : "") of which the network explains "
        + "at least \(explainedNoiseMin) on "
        + "held-out events (\(share))"
      : "the network explains \(share) of the noise there, and no finer level more than "
        + "\(explainedNoiseMin)"
    return ladder + ["level \(row.level) (sigma \(row.sigma)) makes the score: \(why)"]
  }

  /// The scoring that the model file gets.
  fileprivate func scoring(_ measurement: NetworkMeasurement?, isAveraged: Bool) -> Scoring {
    if let scoringLevels {
      return Scoring(levels: scoringLevels, weights: scoringWeights, output: output)
    }
    guard let measurement else { preconditionFailure("held-out events are at least one") }
    return automaticScoring(measurement.levels, output: output, isAveraged: isAveraged)
  }
}
