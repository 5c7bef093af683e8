internal import ArgumentParser
internal import Calibration
internal import CommandFrame
internal import DurableFiles
internal import EventRecords
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
      flagged. An event with a non-finite feature has score NaN. With a calibration its levels \
      and weights are used.

      Examples:
        tamis score --model model.safetensors --input test.run --scores scores.npy
        tamis score --model model.safetensors --calibration calibration.json \\
          --input test.run --flagged flagged.run
      """)

  @Option(help: "The model file.")
  var model: String

  @Option(parsing: .upToNextOption, help: "EVENTS: runs, segments or .npy files.")
  var input: [String]

  @Option(help: "The calibration file.")
  var calibration: String?

  @Option(help: "A .npy file for the scores, float32 (N,).")
  var scores: String?

  @Option(help: "A .npy file for the attributions, float32 (N, D).")
  var attributions: String?

  @Option(help: "A folder for the flagged records.")
  var flagged: String?

  @Option(help: "One in so many events is kept whatever its score, as in the daemon; 0 is none.")
  var unbiasedPrescale: UInt32 = 0

  @OptionGroup var scoring: ScoringOptions
  @OptionGroup var engine: EngineOptions
  @OptionGroup var replace: ReplaceOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if flagged != nil, calibration == nil {
      throw ValidationError("--flagged wants --calibration: it has the thresholds")
    }
    if scoring.levels != nil, calibration != nil {
      throw ValidationError(
        "--levels and --calibration exclude each other: thresholds are for "
          + "the levels they were calibrated with")
    }
  }

  func run() throws {
    let loaded = try TrainedModel.load(model)
    for note in loaded.notes { complain("\(model): \(note)") }
    let events = try EventSource(paths: input)
    try checkFeatures(of: events, fit: loaded)
    let armed = try calibration.map { try ArmedCalibration(path: $0, model: loaded) }
    let chosen = try armed?.scoring(of: loaded.model) ?? scoring.scoring(of: loaded.model)
    var summary = ScoreSummary(workingPointCount: armed?.calibration.workingPoints.count ?? 0)
    try score(events, loaded: loaded, scoring: chosen, armed: armed, summary: &summary)
    try summary.facts(armed?.calibration).print(asJSON: output.json)
  }

  private func score(
    _ events: EventSource, loaded: LoadedModel, scoring: Scoring, armed: ArmedCalibration?,
    summary: inout ScoreSummary
  ) throws {
    let featureCount = events.featureCount
    let network = ScoringNetwork(
      model: loaded.model, scoring: scoring, instructionSet: try InstructionSet.selected())
    let rule = armed.map { DecisionRule($0.calibration, unbiasedPrescale: unbiasedPrescale) }
    let force = replace.force
    let scoreFile = try scores.map { try NumpyWriter($0, replacing: force) }
    let attributionFile = try attributions.map {
      try NumpyWriter($0, columnCount: featureCount, replacing: force)
    }
    let flaggedRun = try flagged.map {
      try RunWriter(
        folder: $0, kind: .flagged, featureCount: featureCount, featureNames: events.featureNames,
        replacing: force)
    }
    var maker = armed.map {
      OfflineFlagged(
        rule: DecisionRule($0.calibration, unbiasedPrescale: unbiasedPrescale),
        model: loaded.sha256.prefix, calibration: $0.sha256.prefix, featureCount: featureCount)
    }
    defer { maker?.deallocate() }
    let record = UnsafeMutableRawBufferPointer.allocate(
      byteCount: FlaggedRecord.byteCount(featureCount: featureCount), alignment: 64)
    let features = UnsafeMutableBufferPointer<Float>.allocate(capacity: featureCount)
    defer {
      record.deallocate()
      features.deallocate()
    }
    var progress = ProgressLine()
    let trigger = OfflineTrigger(
      network: network, workers: engine.workerCount, batchMax: engine.batch)
    try trigger.run(over: events, rule: rule) { event in
      summary.count(event)
      progress.show("score \(event.index + 1) of \(events.eventCount) events")
      try scoreFile?.append([event.score])
      try attributionFile?.append(event.attributions)
      guard event.decision != nil, let flaggedRun, let base = record.baseAddress,
        let row = features.baseAddress
      else { return }
      events.copyFeatures(of: event.index..<event.index + 1, into: row)
      if maker?.encode(event, features: UnsafeBufferPointer(features), into: base) == true {
        try flaggedRun.append(records: UnsafeRawBufferPointer(record))
      }
    }
    progress.finish()
    try scoreFile?.commit()
    try attributionFile?.commit()
    try flaggedRun?.finish()
  }
}
