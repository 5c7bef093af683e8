internal import ArgumentParser
internal import Calibration
internal import CommandFrame
internal import Drift
internal import DurableFiles
internal import EventRecords
internal import NumberText
internal import Offline
internal import RunFiles
internal import ScoreModel
internal import TriggerPipeline

/// `tamis drift`.
struct DriftCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drift",
    abstract: "Ask whether a recorded run is still the background of a calibration.",
    discussion: """
      Runs the daemon's checks over a recording: scores, each feature's mean and spread, \
      non-finite values, flagged rates, rates by condition. Every event of EVENTS is scored and \
      taken as unbiased. From a flagged journal the unbiased sample is taken, with its stored \
      scores. Exit status 1 when an alarm was raised.

      Each check has a state and the numbers of its last window, of several lengths the one nearest to its \
      limit. The statistic is in standard deviations (sigma). ok: no window was above its limit. ALARM: one \
      was, and since then there were not three quiet windows in a row. cleared: there were. \
      An alarm may therefore stand beside a last window within its limit; it is then said which \
      window raised it.

      On a run of the calibration's own background the probability of any alarm is at most \
      --false-alarm-probability.

      Examples:
        tamis drift --model model.safetensors --calibration calibration.json \\
          --input test.run
        tamis drift --model model.safetensors --calibration calibration.json \\
          --input journal --json
      """)

  @Option(help: "The model file.", completion: .file())
  var model: String

  @Option(
    help: "The calibration file, whose reference the run is compared with.", completion: .file())
  var calibration: String

  @Option(parsing: .upToNextOption, help: "EVENTS, or one flagged journal.", completion: .file())
  var input: [String]

  @Option(help: "Events in a window of scores and features; sums of 8 windows are judged too.")
  var window = 2_000

  @Option(help: "Events in a window of rates; sums of 8 and 64 windows are judged too.")
  var rateWindow = 200_000

  @Option(help: "The probability of any alarm on a run of unchanged background, at most.")
  var falseAlarmProbability = 0.01

  @Option(
    parsing: .upToNextOption, help: "Checks to leave out: score, feature_mean, ...",
    transform: checkName)
  var ignore: [DriftCheck.Name] = []

  @Option(parsing: .upToNextOption, help: "Features to leave out, by name.")
  var ignoreFeature: [String] = []

  @OptionGroup var engine: EngineOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    try check("--window", window, in: 100...)
    try check("--rate-window", rateWindow, in: 1_000...)
    try checkProbability("--false-alarm-probability", falseAlarmProbability)
  }

  func run() throws {
    let loaded = try openModel(model)
    let matchedCalibration = try MatchedCalibration(path: calibration, model: loaded)
    var run = DriftRun(
      DriftMonitor(
        calibration: matchedCalibration.calibration, featureNames: loaded.model.featureNames,
        featureCount: loaded.model.shape.featureCount, settings: settings),
      falseAlarmProbability: falseAlarmProbability)
    if input.count == 1, let journal = try flaggedJournal(input[0]) {
      try note(journal, loaded: loaded, matchedCalibration: matchedCalibration, in: &run)
    } else {
      try note(
        measuredEvents(paths: input), loaded: loaded, matchedCalibration: matchedCalibration,
        in: &run)
    }
    run.finish()
    driftFacts(run).print(asJSON: output.json)
    if run.hasAlarms { throw NegativeAnswer(description: "") }
  }

  private var settings: DriftSettings {
    var settings = DriftSettings()
    settings.sampledWindowEventCount = window
    settings.decidedWindowEventCount = rateWindow
    settings.ignoredChecks = Set(ignore)
    settings.ignoredFeatures = Set(ignoreFeature)
    return settings
  }

  /// The run at `path` where it is one of flagged records.
  private func flaggedJournal(_ path: String) throws -> RecordedRun? {
    if path.hasSuffix(".npy") { return nil }
    let run = try RecordedRun(path)
    return run.kind == .flagged ? run : nil
  }

  private func note(
    _ journal: RecordedRun, loaded: LoadedModel, matchedCalibration: MatchedCalibration,
    in run: inout DriftRun
  ) throws {
    try checkFeatureCount(
      journal.featureCount, of: journal.path, is: loaded.model.shape.featureCount, of: loaded.path)
    for note in journal.notes { complain("\(journal.path): \(note)") }
    let rule = DecisionRule(matchedCalibration.calibration, unbiasedPrescale: 0)
    var (otherModel, otherCalibration) = (0, 0)
    run.eventCount = 0
    try journal.forEachFlaggedRecord { record in
      guard record.reasons.contains(.unbiased) else { return }
      run.eventCount += 1
      if record.model != loaded.sha256.prefix { otherModel += 1 }
      if record.calibration != matchedCalibration.sha256.prefix { otherCalibration += 1 }
    }
    guard run.eventCount > 0 else {
      throw FileFault(
        file: journal.path, found: "no record of the unbiased sample",
        expected: "some, which are compared with the calibration",
        remedy: "set unbiased.prescale of the daemon, or give the recorded input")
    }
    guard otherModel == 0 else {
      throw FileFault(
        file: journal.path, found: "\(counted(otherModel, "record")) scored with another model",
        expected: "scores of \(loaded.path)",
        remedy: "name the model and calibration that the daemon had")
    }
    if otherCalibration > 0 {
      complain(
        "\(journal.path): \(counted(otherCalibration, "record")) of the sample were decided with "
          + "another calibration; their stored scores are compared as they are, which is right where "
          + "it has the same levels and weights")
    }
    try journal.forEachFlaggedRecord { record in
      guard record.reasons.contains(.unbiased) else { return }
      run.note(
        score: record.score, condition: record.event.condition, features: record.event.features,
        rule: rule)
    }
  }

  private func note(
    _ events: EventSource, loaded: LoadedModel, matchedCalibration: MatchedCalibration,
    in run: inout DriftRun
  ) throws {
    try checkFeatures(of: events, fit: loaded)
    for note in events.notes { complain(note) }
    let rule = DecisionRule(matchedCalibration.calibration, unbiasedPrescale: 0)
    run.eventCount = events.eventCount
    var progress = ProgressLine()
    let trigger = try OfflineTrigger(matchedCalibration, of: loaded, engine: engine)
    let featureCount = events.featureCount
    try trigger.scoreChunks(of: events) { range, scores, rows, _ in
      for offset in 0..<range.count {
        run.note(
          score: scores[offset],
          condition: events.record(at: range.lowerBound + offset)?.condition ?? .nan,
          features: UnsafeBufferPointer(
            rebasing: rows[offset * featureCount..<(offset + 1) * featureCount]), rule: rule)
      }
      progress.show("drift \(range.upperBound) of \(events.eventCount) events")
    }
    progress.finish()
  }
}

/// The check of that name.
private func checkName(_ text: String) throws -> DriftCheck.Name {
  guard let name = DriftCheck.Name(rawValue: text) else {
    let names = DriftCheck.Name.allCases.map(\.rawValue).joined(separator: ", ")
    throw ValidationError("'\(text)' is no check; there are \(names)")
  }
  return name
}
