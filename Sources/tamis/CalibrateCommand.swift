internal import ArgumentParser
internal import CLinux
internal import Calibration
internal import CommandFrame
internal import DurableFiles
internal import EventRecords
internal import ScoreEngine
internal import ScoreModel
internal import StrictJSON
internal import TriggerPipeline

/// `tamis calibrate`.
struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Set thresholds for chosen false-positive rates from background events.",
    discussion: """
      The threshold of a rate a over N events is the order statistic of rank ceil((N + 1)(1 - a)): \
      on new events of the same kind the expected rate is at or below a. The interval of the true \
      rate is exact. --with-confidence chooses the rank so that the rate itself is at or below a \
      with that confidence. A rate for which the events are too few is an error.

      The 8-bit screen of precision: screened is compared with the exact scores on the way; its \
      margin is stored in the calibration.

      Examples:
        tamis calibrate --model model.safetensors --background calibration.run \\
          --working-point loose=1e-2 --working-point nominal=1e-3 --out calibration.json
        tamis calibrate --model model.safetensors --background a.run b.run \\
          --working-point loose=1e-2 --prescale loose=10 --with-confidence --out calibration.json
      """)

  @Option(help: "The model file.")
  var model: String

  @Option(parsing: .upToNextOption, help: "EVENTS: runs, segments or .npy files of background.")
  var background: [String]

  @Option(help: "The calibration file to write.")
  var out: String

  @Option(
    parsing: .upToNextOption,
    help: "NAME=FPR, once or more often. Bit i of a flagged record is the i-th.")
  var workingPoint: [String]

  @Option(
    parsing: .upToNextOption,
    help: "NAME=N: the daemon keeps one in N events that fire this working point.")
  var prescale: [String] = []

  @Option(help: "Confidence of the intervals, and of --with-confidence.")
  var confidence = 0.95

  @Flag(help: "Promise the rate with the confidence, not only in expectation.")
  var withConfidence = false

  @Flag(help: "Fit the tail where events are too few for a rate, and mark the point so.")
  var allowExtrapolation = false

  @Option(
    help: """
      The share of the loosest threshold by which an 8-bit screen score may fall short of it before \
      precision: screened lets the event go. Refused where the background does not support it.
      """)
  var screenMargin: Double?

  @OptionGroup var scoring: ScoringOptions
  @OptionGroup var engine: EngineOptions
  @OptionGroup var replace: ReplaceOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let screenMargin, !(screenMargin > 0 && screenMargin < 1) {
      throw ValidationError("--screen-margin lies between 0 and 1, not \(screenMargin)")
    }
    do {
      _ = try plan()
    } catch {
      throw ValidationError("\(error)")
    }
  }

  func run() throws {
    try refuseExisting(out, unless: replace.force)
    let loaded = try TrainedModel.load(model)
    for note in loaded.notes { complain("\(model): \(note)") }
    let events = try EventSource(paths: background)
    try checkFeatures(of: events, fit: loaded)
    let chosen = try scoring.scoring(of: loaded.model)
    let calibration = try calibrate(events, loaded: loaded, scoring: chosen)
    try calibration.write(to: out, replacing: replace.force)
    facts(calibration).print(asJSON: output.json)
  }

  private func plan() throws(CalibrationError) -> CalibrationPlan {
    var requests: [WorkingPointRequest] = []
    for argument in workingPoint {
      var request = try WorkingPointRequest(parsing: argument)
      if withConfidence { request.guarantee = .withConfidence }
      requests.append(request)
    }
    try WorkingPointRequest.applyPrescales(prescale, to: &requests)
    return try CalibrationPlan(
      requests, confidence: confidence, allowingExtrapolation: allowExtrapolation)
  }

  private func calibrate(
    _ events: EventSource, loaded: LoadedModel, scoring: Scoring
  ) throws -> TriggerCalibration {
    let network = ScoringNetwork(
      model: loaded.model, scoring: scoring, instructionSet: try InstructionSet.selected())
    let plan = try plan()
    var accumulator = plan.accumulator(eventCountMax: events.eventCount)
    var histogram = ScoreHistogram()
    var features = FeatureAccumulator(
      featureCount: events.featureCount, names: loaded.model.featureNames)
    var conditions = ConditionAccumulator()
    var screen = ScreenComparison(model: loaded.model, network: network)
    var progress = ProgressLine()
    let trigger = OfflineTrigger(
      network: network, workers: engine.workerCount, batchMax: engine.batch)
    try trigger.scoreChunks(of: events) { range, scores, rows in
      accumulator.add(scores)
      histogram.add(scores)
      features.add(rows)
      conditions.add(of: range, in: events)
      screen.add(exact: scores, events: rows)
      progress.show("calibrate \(range.upperBound) of \(events.eventCount) events")
    }
    progress.finish()
    return TriggerCalibration(
      modelSHA256: loaded.sha256, schema: loaded.model.schema, levels: scoring.levels,
      weights: scoring.weights, confidence: confidence, eventCount: accumulator.scorableCount,
      notScorableCount: accumulator.notScorableCount, runs: runs(of: events),
      workingPoints: try plan.workingPoints(from: accumulator),
      reference: DriftReference(
        scoreHistogram: histogram, features: features.summary, condition: conditions.summary),
      screen: try screen.calibration(margin: screenMargin, modelPath: model),
      created: utcText(tamis_realtime_ns()), program: "tamis \(programVersion)")
  }

  private func runs(of events: EventSource) -> [CalibrationRun] {
    events.inputs.map { input in
      CalibrationRun(
        name: input.name, sha256: input.sha256(),
        run: input.runs.count == 1 ? input.runs.first : nil, eventCount: input.eventCount)
    }
  }

  private func facts(_ calibration: TriggerCalibration) -> Facts {
    var facts = Facts()
    facts.add("written", .string(out))
    facts.add("events", .integer(calibration.eventCount))
    facts.add("not_scorable", .integer(calibration.notScorableCount))
    facts.add("levels", .array(calibration.levels.map { .integer($0) }))
    facts.add("confidence", .real(calibration.confidence))
    facts.add(
      "working_points", .array(calibration.workingPoints.map(object)),
      line: calibration.workingPoints.map(line).joined(separator: "\n"))
    facts.add("screen", calibration.screen.map(object) ?? .null, line: line(calibration.screen))
    return facts
  }

  private func object(_ screen: ScreenCalibration) -> Facts.Value {
    .object([
      "margin": .real(screen.margin), "margin_min": .real(screen.marginMin),
      "events": .integer(screen.eventCount), "shortfall_max": .real(screen.shortfallMax),
      "excess_max": .real(screen.excessMax), "deviation_mean": .real(screen.deviationMean),
      "deviation_standard_deviation": .real(screen.deviationSpread),
    ])
  }

  private func line(_ screen: ScreenCalibration?) -> String {
    guard let screen else { return "screen: none, only precision: exact can use this calibration" }
    return "screen: margin \(screen.margin); screen scores fell short by at most "
      + "\(short(screen.shortfallMax)) of themselves, which supports margins from "
      + "\(short(screen.marginMin))"
  }

  private func object(_ point: WorkingPoint) -> Facts.Value {
    .object([
      "name": .string(point.name), "target_fpr": .real(point.targetFPR.value),
      "threshold": .real(Double(point.threshold)), "rank": point.rank.map { .integer($0) } ?? .null,
      "fpr_interval": point.fprInterval.map {
        .array([.real($0.lowerBound), .real($0.upperBound)])
      }
        ?? .null, "guarantee": .string(point.guarantee.rawValue),
      "extrapolated": .bool(point.extrapolated), "prescale": .integer(Int(point.prescale)),
    ])
  }

  private func line(_ point: WorkingPoint) -> String {
    let interval = point.fprInterval.map {
      "true rate in [\(short($0.lowerBound)), \(short($0.upperBound))] at \(confidence)"
    }
    let origin = point.rank.map { "rank \($0)" } ?? "EXTRAPOLATED from the tail"
    return "\(point.name): target \(point.targetFPR), score > \(point.threshold), \(origin), "
      + (interval ?? "no interval")
      + (point.prescale == 1 ? "" : ", one in \(point.prescale) is kept")
  }
}

extension ConditionAccumulator {
  /// Adds the conditions of events `range` of `events`.
  fileprivate mutating func add(of range: Range<Int>, in events: EventSource) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: range.count) { conditions in
      guard let base = conditions.baseAddress else { return }
      events.copyConditions(of: range, into: base)
      add(UnsafeBufferPointer(conditions))
    }
  }
}
