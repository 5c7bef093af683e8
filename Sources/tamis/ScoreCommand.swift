internal import ArgumentParser
internal import Calibration
internal import DurableFiles
internal import EventRecords
internal import Offline
internal import RunFiles
internal import ScoreEngine
internal import ScoreModel
internal import TriggerPipeline

/// `tamis score`.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Score recorded events, with the bits of the daemon.",
    discussion: """
      Writes scores (N,), attributions (N, D) and, with a calibration, the events that would be \
      flagged. An event with a feature that is not finite has the score NaN. With a calibration \
      its levels and weights are used. Thresholds are the calibration's, and its prescales hold \
      unless --prescales names a configuration that has them by section or time. Neither a flood \
      nor rate_control is repeated: tamis verify does that for a journal.

      Examples:
        tamis score --model model.safetensors --input test.run --scores scores.npy
        tamis score --model model.safetensors --calibration calibration.json \\
          --input test.run --flagged flagged.run
      """)

  @Option(help: "The model file.", completion: .file())
  var model: String

  @Option(
    parsing: .upToNextOption, help: "EVENTS: runs, segments or .npy files.", completion: .file())
  var input: [String]

  @Option(help: "The calibration file.", completion: .file())
  var calibration: String?

  @Option(help: "A .npy file for the scores, float32 (N,).", completion: .file())
  var scores: String?

  @Option(help: "A .npy file for the attributions, float32 (N, D).", completion: .file())
  var attributions: String?

  @Option(help: "A folder for the flagged records.", completion: .file())
  var flagged: String?

  @Option(help: "One in this many events is kept whatever its score, as in the daemon. 0: none.")
  var unbiasedPrescale: UInt32 = 0

  @Option(
    help: """
      exact, or screened: events that the calibration's screen rules out keep their approximate \
      score, as in the daemon.
      """)
  var precision = Precision.exact

  @OptionGroup var prescaling: PrescaleOptions
  @OptionGroup var scoring: ScoringOptions
  @OptionGroup var engine: EngineOptions
  @OptionGroup var replace: ReplaceOptions
  @OptionGroup var output: OutputOptions

  enum Precision: String, CaseIterable, ExpressibleByArgument {
    case exact, screened
  }

  func validate() throws {
    if precision == .screened {
      if calibration == nil {
        throw ValidationError("--precision screened wants --calibration: it has the margin")
      }
      if attributions != nil {
        throw ValidationError(
          "--attributions wants --precision exact: what the screen rules out has none")
      }
    }
    if prescaling.prescales != nil, calibration == nil {
      throw ValidationError("--prescales wants --calibration: it has the working points")
    }
    if flagged != nil, calibration == nil {
      throw ValidationError("--flagged wants --calibration: it has the thresholds")
    }
    try scoring.validate(besideCalibration: calibration != nil)
  }

  func run() throws {
    var outputs = Outputs()
    outputs.file("--scores", scores)
    outputs.file("--attributions", attributions)
    outputs.runFolder("--flagged", flagged)
    try outputs.check(
      inputs: input + [model, calibration, prescaling.prescales], replacing: replace.force)
    let loaded = try openModel(model)
    let events = try openEvents(input)
    try checkFeatures(of: events, fit: loaded)
    let matchedCalibration = try calibration.map { try MatchedCalibration(path: $0, model: loaded) }
    let chosen =
      try matchedCalibration?.scoring(of: loaded.model) ?? scoring.scoring(of: loaded.model)
    let table = try matchedCalibration.flatMap { try prescaling.table(for: $0.calibration) }
    try prescaling.check(table, fits: events)
    let rule = matchedCalibration.map {
      DecisionRule($0.calibration, unbiasedPrescale: unbiasedPrescale).with(prescales: table)
    }
    var summary = ScoreSummary(rule)
    try score(
      events, loaded: loaded, scoring: chosen, matchedCalibration: matchedCalibration, rule: rule,
      summary: &summary)
    summary.facts(matchedCalibration?.calibration).print(asJSON: output.json)
  }

  private func score(
    _ events: EventSource, loaded: LoadedModel, scoring: Scoring,
    matchedCalibration: MatchedCalibration?, rule: DecisionRule?, summary: inout ScoreSummary
  ) throws {
    let set = try InstructionSet.selected()
    let precision: ScoringPrecision =
      try matchedCalibration?.precision(
        isScreened: precision == .screened, model: loaded, instructionSet: set)
      ?? .exact(ScoringNetwork(model: loaded.model, scoring: scoring, instructionSet: set))
    let outputs = try ScoreOutputs(
      events, scores: scores, attributions: attributions, flagged: flagged,
      maker: maker(rule, loaded: loaded, matchedCalibration: matchedCalibration),
      decidedBy: matchedCalibration.flatMap { calibration in
        rule.map { OfflineDecisions($0, model: loaded.sha256, calibration: calibration.sha256) }
      }, replacing: replace.force)
    var progress = ProgressLine()
    let trigger = OfflineTrigger(
      precision, workers: engine.workerCount, batchMax: engine.batch)
    try trigger.run(over: events, rule: rule) { event in
      summary.count(event)
      progress.show("score \(event.index + 1) of \(events.eventCount) events")
      try outputs.append(event)
    }
    progress.finish()
    try outputs.finish()
  }

  private func maker(
    _ rule: DecisionRule?, loaded: LoadedModel, matchedCalibration: MatchedCalibration?
  ) -> OfflineFlagged? {
    guard let rule, let matchedCalibration else { return nil }
    return OfflineFlagged(
      rule: rule, model: loaded.sha256.prefix, calibration: matchedCalibration.sha256.prefix,
      rarity: RecordRarity(matchedCalibration.calibration),
      featureCount: loaded.model.shape.featureCount)
  }
}
