internal import ArgumentParser
internal import Calibration
internal import CommandFrame
internal import DurableFiles
internal import EventRecords
internal import Offline
internal import RunFiles
internal import ScoreModel
internal import StrictJSON

/// `tamis calibrate`.
struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Set thresholds for chosen false-positive rates from background events.",
    discussion: """
      The threshold of a rate a over N events is the order statistic of rank ceil((N + 1)(1 - a)): \
      on new events of the same kind the expected rate is at or below a. The interval of the true \
      rate is exact. --with-confidence chooses the rank so that the rate itself is at or below a \
      with that confidence. A rate for which there are too few events is an error.

      --quiet-point sets a threshold from the lowest scores in the same way, for events that are quieter \
      than background: half-way between two others, constant, or with parts missing.

      From a flagged journal only the unbiased sample is taken. Events that their sender marked as \
      tainted are left out.

      In the same pass the 8-bit screen of precision: screened is compared with the exact scores. \
      Its margin is stored in the calibration.

      --partial writes a part of a calibration, for one of many runs or machines. --merge makes the \
      calibration of all parts, the same to the bit as from a single pass over all events. --compare \
      reports the changes since an older calibration. The older working points and scoring levels hold \
      where no others are given, and without --out nothing is written. SOURCE_DATE_EPOCH sets the date in the \
      file.

      Examples:
        tamis calibrate --model model.safetensors --background calibration.run \\
          --working-point loose=1e-2 --working-point nominal=1e-3 \\
          --out calibration.json
        tamis calibrate --model model.safetensors --background a.run b.run \\
          --working-point loose=1e-2 --prescale loose=10 --with-confidence \\
          --out calibration.json
        tamis calibrate --model model.safetensors \\
          --background /var/lib/tamis/journal --compare calibration.json \\
          --out calibration-new.json
        tamis calibrate --partial --model model.safetensors --background a.run \\
          --working-point nominal=1e-3 --out a.part
        tamis calibrate --merge a.part b.part --out calibration.json
      """)

  @Option(help: "The model file.", completion: .file())
  var model: String?

  @Option(
    parsing: .upToNextOption,
    help: "EVENTS: runs, segments or .npy files of background; or flagged journals.",
    completion: .file())
  var background: [String] = []

  @Option(
    help: "The file to write: the calibration, or with --partial the part.", completion: .file())
  var out: String?

  @Option(help: "An older calibration to compare with.", completion: .file())
  var compare: String?

  @OptionGroup var request: CalibrationRequest
  @OptionGroup var parts: CalibrationParts
  @OptionGroup var scoring: ScoringOptions
  @OptionGroup var engine: EngineOptions
  @OptionGroup var replace: ReplaceOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if out == nil, compare == nil || parts.partial {
      throw ValidationError("--out is missing: where to write the result")
    }
    if parts.partial, compare != nil {
      throw ValidationError("--compare wants all parts: give it with --merge")
    }
    guard parts.merge.isEmpty else {
      if model != nil || !background.isEmpty || parts.partial || request.isGiven
        || scoring.levels != nil || parts.eventsTotal != nil || parts.unbiasedPrescale != nil
      {
        throw ValidationError(
          "--merge takes everything from the parts: only --out, --compare, --force and --json go "
            + "with it")
      }
      return
    }
    if model == nil { throw ValidationError("--model is missing: the model file") }
    if background.isEmpty {
      throw ValidationError("--background is missing: runs, segments, .npy files or journals")
    }
    try request.validate(withOlder: compare != nil)
  }

  func run() throws {
    var outputs = Outputs()
    outputs.file("--out", out)
    try outputs.check(
      inputs: background + parts.merge + [model, compare], replacing: replace.force)
    let older = try compare.map { try TriggerCalibration.load($0) }
    if parts.partial {
      try write(part(older: nil))
    } else if parts.merge.isEmpty {
      try finish(part(older: older), older: older)
    } else {
      try finish(parts.merged(), older: older)
    }
  }

  /// Scores the background; with `older`, so that it can be compared.
  private func part(older: LoadedCalibration?) throws -> CalibrationPart {
    guard let model else { throw ValidationError("--model is missing: the model file") }
    let loaded = try openModel(model)
    let events = try BackgroundEvents(paths: background, thinnedTo: parts.unbiasedPrescale)
    for note in events.notes { complain(note) }
    try checkFeatures(of: events.source, fit: loaded)
    warnOfTrainingEvents(loaded, events.source)
    let plan = try request.plan(older: older?.calibration)
    if plan.hasQuiet, request.bins != nil {
      throw FileFault(
        file: compare ?? out ?? model, found: "a working point of the low side",
        expected: "none with --condition-bins or --condition-edges",
        remedy: "name the working points with --working-point, or leave the bins out")
    }
    var pass = CalibrationPass(
      loaded: loaded, scoring: try chosenScoring(loaded, older: older?.calibration),
      background: events, plan: plan, screenMargin: request.screenMargin, engine: engine)
    let eventCount = events.source.eventCount
    pass.bins = request.bins
    // A part keeps what the whole may need, a comparison what the older thresholds may lie above.
    let keepsAll = parts.partial ? parts.eventsTotal == nil : older != nil
    let total = try parts.total(atLeast: eventCount)
    if plan.hasQuiet {
      pass.lowestScoresKept =
        keepsAll ? eventCount : plan.lowestScoresNeeded(eventCountMax: total)
    }
    return try pass.part(
      scoresKept: keepsAll ? eventCount : plan.scoresNeeded(eventCountMax: total),
      eventsTotal: parts.eventsTotal)
  }

  /// Says on stderr where thresholds by condition are not as they were asked for.
  private func tellOfBins(_ part: CalibrationPart) throws {
    guard let request = part.basis.bins, let found = try part.conditionBins() else { return }
    if case .count = request, part.tally.conditioned?.hasFinite != true {
      throw FileFault(
        file: (background + parts.merge)[0], found: "no event with a finite condition",
        expected: "records whose condition is known, for --condition-bins",
        remedy: "leave --condition-bins out, or let the senders fill the field")
    }
    if found.merged > 0 {
      complain(
        "condition bins: \(found.merged) of \(found.count) had too few events for every "
          + "working point and were merged with a neighbour")
    }
    if case .count(let asked) = request, found.count < asked {
      complain(
        "condition bins: \(asked) were asked for, and the conditions have "
          + "\(found.count) different quantiles")
    }
    if let bins = found.bins, bins.unknown == nil {
      complain(
        "condition bins: \(bins.unknownCount) events without a condition are too few for a "
          + "threshold of their own: the highest of all bins holds for them")
    }
    if found.bins == nil {
      complain("condition bins: a single one is left, and one threshold holds for all events")
    }
  }

  private func chosenScoring(_ loaded: LoadedModel, older: TriggerCalibration?) throws -> Scoring {
    guard scoring.levels == nil, let older, older.modelSHA256 == loaded.sha256,
      loaded.model.kind.hasNoiseLevels
    else { return try scoring.scoring(of: loaded.model) }
    return try ScoringOptions.checked(
      older.levels, weights: older.weights, levelCount: loaded.model.shape.levelCount,
      output: loaded.model.scoring.output)
  }

  private func write(_ part: CalibrationPart) throws {
    guard let out else { return }
    try part.write(
      to: out, created: creationTime(), program: "tamis \(programVersion)",
      replacing: replace.force)
    var facts = Facts()
    facts.add("written", .string(out))
    facts.add("events", .integer(part.tally.scores.scorableCount))
    facts.add("not_scorable", .integer(part.tally.scores.notScorableCount))
    facts.add("kept", .integer(part.tally.scores.keptCount))
    facts.print(asJSON: output.json)
  }

  /// Sets the thresholds, writes and compares.
  private func finish(_ part: CalibrationPart, older: LoadedCalibration?) throws {
    try CalibrationPart.refuseRepeatedRuns(part.tally.runs.map { ($0, $0.name) })
    try tellOfBins(part)
    let calibration = try part.calibration(
      screen: part.screenCalibration(path: model ?? parts.merge[0]), created: creationTime(),
      program: "tamis \(programVersion)")
    if let older, older.calibration.conditionBins != nil, calibration.conditionBins == nil {
      complain(
        "\(older.path): has thresholds by condition, and the new calibration has none: "
          + "--condition-bins makes them again")
    } else if older != nil, calibration.conditionBins != nil {
      complain("--compare compares the thresholds over all conditions, not those of single bins")
    }
    var facts = Facts()
    if let out {
      try calibration.write(to: out, replacing: replace.force)
      facts.add("written", .string(out))
    }
    facts.add(calibration)
    if let older {
      facts.add(
        CalibrationComparison(
          from: older.calibration, to: calibration, scores: part.tally.scores,
          quiet: part.tally.quiet),
        path: older.path)
    }
    facts.print(asJSON: output.json)
  }
}
