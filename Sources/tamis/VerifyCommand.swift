internal import ArgumentParser
internal import CommandFrame
internal import DurableFiles
internal import EventRecords
internal import ScoreEngine
internal import ScoreModel
internal import StrictJSON
internal import TriggerPipeline

/// `tamis verify`.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check that the daemon's flagged events are the offline ones, bit for bit.",
    discussion: """
      Scores the recording again and compares every decision, score, attribution and feature with \
      the journal. Exit status 1 and the first difference where there is one. The prescale of the \
      unbiased sample is read from the journal's records unless given.

      Example:
        tamis verify --model model.safetensors --calibration calibration.json \\
          --input test.run --flagged journal
      """)

  @Option(help: "The model file that the daemon used.")
  var model: String

  @Option(help: "The calibration file that the daemon used.")
  var calibration: String

  @Option(parsing: .upToNextOption, help: "EVENTS as they were sent, in that order.")
  var input: [String]

  @Option(help: "The daemon's journal, or a run of flagged records.")
  var flagged: String

  @Option(help: "The daemon's unbiased.prescale; default: what the journal says.")
  var unbiasedPrescale: UInt32?

  @OptionGroup var engine: EngineOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let loaded = try TrainedModel.load(model)
    let events = try EventSource(paths: input)
    try checkFeatures(of: events, fit: loaded)
    let armed = try ArmedCalibration(path: calibration, model: loaded)
    let journal = try RecordedRun(flagged)
    let prescale = try unbiasedPrescale ?? FlaggedVerifier.unbiasedPrescale(in: journal)
    let rule = DecisionRule(armed.calibration, unbiasedPrescale: prescale)
    let verifier = try compare(events, journal, rule: rule, loaded: loaded, armed: armed)
    var facts = Facts()
    facts.add("verify", .string(verifier.firstDifference == nil ? "identical" : "different"))
    facts.add("events", .integer(verifier.eventCount))
    facts.add("flagged", .integer(verifier.identicalCount))
    if verifier.deletedCount > 0 {
      facts.add("deleted_from_journal", .integer(verifier.deletedCount))
    }
    facts.add("unbiased_prescale", .integer(Int(prescale)))
    if let difference = verifier.firstDifference {
      facts.add("first_difference", .string(difference))
    }
    facts.print(asJSON: output.json)
    if verifier.firstDifference != nil { throw NegativeAnswer(description: "") }
  }

  private func compare(
    _ events: EventSource, _ journal: RecordedRun, rule: DecisionRule, loaded: LoadedModel,
    armed: ArmedCalibration
  ) throws -> FlaggedVerifier {
    let network = ScoringNetwork(
      model: loaded.model, scoring: armed.scoring(of: loaded.model),
      instructionSet: try InstructionSet.selected())
    var verifier = FlaggedVerifier(
      flagged: journal, input: events, rule: rule, model: loaded.sha256.prefix,
      calibration: armed.sha256.prefix)
    let features = UnsafeMutableBufferPointer<Float>.allocate(capacity: events.featureCount)
    defer { features.deallocate() }
    var progress = ProgressLine()
    let trigger = OfflineTrigger(
      network: network, workers: engine.workerCount, batchMax: engine.batch)
    try trigger.run(over: events, rule: rule) { event in
      progress.show("verify \(event.index + 1) of \(events.eventCount) events")
      if event.decision != nil, let row = features.baseAddress {
        events.copyFeatures(of: event.index..<event.index + 1, into: row)
      }
      try verifier.check(event, features: UnsafeBufferPointer(features))
    }
    try verifier.finish()
    progress.finish()
    return verifier
  }
}
