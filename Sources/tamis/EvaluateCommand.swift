internal import Analysis
internal import ArgumentParser
internal import CLinux
internal import Calibration
internal import CommandFrame
internal import DurableFiles
internal import EventRecords
internal import Glibc
internal import NumberText
internal import RunFiles
internal import ScoreEngine
internal import ScoreModel
internal import StrictJSON
internal import TriggerPipeline

/// `tamis evaluate`.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure how well models tell signals from background, beside simple detectors.",
    discussion: """
      For each signal: the area under the ROC curve, average precision, and the true-positive rate \
      at fixed false-positive rates, with intervals. The same is computed for the norm of the \
      standardised features, Mahalanobis distance, PCA residual and chosen variables; the summary \
      names models that do not beat them. --report writes report.html, report.json and roc.csv. \
      --pictures writes each picture of it as an SVG file, and as PDF where rsvg-convert is \
      installed (Debian's librsvg2-bin). docs/evaluation.md defines every number.

      The background must be one that no model was trained on. Without --training-background, \
      Mahalanobis and PCA are fitted on the first half of it and judged on the second.

      Examples:
        tamis evaluate --model model.safetensors --background test.run \\
          --anomalies shifted=anomalies.run --report report
        tamis evaluate --model new=a.safetensors old=b.safetensors \\
          --calibration a.json --background test.npy \\
          --training-background train.npy --anomalies h0=h0.npy LQ=lq.npy \\
          --variable HT leptons=n_e+n_mu --report report
      """)

  @Option(parsing: .upToNextOption, help: "MODEL or NAME=MODEL, one or more.", completion: .file())
  var model: [String]

  @Option(
    parsing: .upToNextOption, help: "EVENTS: runs, segments or .npy files of background.",
    completion: .file())
  var background: [String]

  @Option(
    parsing: .upToNextOption,
    help: "NAME=EVENTS, one or more; the same name again adds to that signal.", completion: .file())
  var anomalies: [String]

  @Option(
    parsing: .upToNextOption,
    help: "EVENTS to fit Mahalanobis and PCA on: best those that the model was trained on.",
    completion: .file())
  var trainingBackground: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: "Features as scores: FEATURE, or NAME=FEATURE+FEATURE, by name or index.")
  var variable: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: "Calibration files; each belongs to one of the models, whose levels it then sets.",
    completion: .file())
  var calibration: [String] = []

  @Option(help: "A folder for report.html, report.json and roc.csv.", completion: .file())
  var report: String?

  @Option(
    help: "A new folder for the report's pictures, an SVG and a PDF file each.",
    completion: .file())
  var pictures: String?

  @Option(help: "The report's title. Default: the models' names.")
  var title: String?

  @Option(help: "False-positive rates at which to read true-positive rates.")
  var fpr: CommaSeparated<String>?

  @Option(help: "Confidence of the intervals.")
  var confidence = 0.95

  @Option(help: "Bootstrap repeats; 0 for no intervals, and so no verdict on differences.")
  var bootstrap = 1000

  @Option(help: "Seed of the bootstrap.")
  var seed: UInt64 = 1

  @Option(help: "Components that the PCA residual leaves out. Default: 90 % of the variance.")
  var pcaComponents: Int?

  @Option(help: "Events a second, for the flags an hour that pure background gives.")
  var inputRate = 1000.0

  @Option(help: "Grams of CO2 a kilowatt-hour; the world's electricity is near the default.")
  var co2Intensity = 450.0

  @Option(help: "Watts of a busy core, where the training's energy was not measured.")
  var coreWatts = 10.0

  @OptionGroup var scoring: ScoringOptions
  @OptionGroup var engine: EngineOptions
  @OptionGroup var replace: ReplaceOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    _ = try settings()
    try scoring.validate(besideCalibration: !calibration.isEmpty)
    let names = model.map { NamedInput(parsing: $0).name }
    if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw ValidationError("two models are called \(twice); tell them apart with NAME=MODEL")
    }
  }

  func run() throws {
    try checkReport()
    let models = try studyModels()
    let width = models[0].loaded.model.shape.featureCount
    let inputs = StudyInputs(
      models: models,
      background: try sample(
        "background", source: backgroundSource(background), fit: models),
      signals: try NamedInput.grouped(anomalies).map {
        try sample($0.name, source: EventSource(paths: $0.paths), fit: models)
      },
      training: trainingBackground.isEmpty
        ? nil
        : try sample(
          "training background", source: backgroundSource(trainingBackground), fit: models),
      variables: try variable.map { argument throws in
        try VariableScore(
          parsing: argument, featureNames: models[0].loaded.model.featureNames, featureCount: width)
      })
    try checkNames(inputs)
    try checkSplit(inputs)
    var progress = ProgressLine()
    let study = try Study(inputs, settings: try settings()) { line in
      progress.show("evaluate \(line)")
    }
    progress.finish()
    let origin = ReportOrigin(
      program: "tamis \(programVersion)", created: utcText(tamis_realtime_ns()), title: title)
    let written = try write(study, origin: origin)
    facts(study, written: written).print(asJSON: output.json)
  }

  private func settings() throws -> StudySettings {
    func positive(_ name: String, _ value: Double) throws {
      if !(value > 0 && value <= 1e12) {
        throw ValidationError("\(name) is positive and at most 1e12, not \(value)")
      }
    }
    try positive("--input-rate", inputRate)
    try positive("--core-watts", coreWatts)
    if !(co2Intensity >= 0 && co2Intensity <= 1e12) {
      throw ValidationError("--co2-intensity is 0 to 1e12, not \(co2Intensity)")
    }
    try checkProbability("--confidence", confidence)
    try check("--bootstrap", bootstrap, in: 0...1_000_000)
    try check("--pca-components", pcaComponents, in: 0...)
    var settings = StudySettings(instructionSet: try InstructionSet.selected())
    settings.targets = try fpr.map { try Self.targets($0.values) } ?? settings.targets
    settings.confidence = confidence
    settings.bootstrapRepeats = bootstrap
    settings.seed = seed
    settings.componentCount = pcaComponents
    settings.inputRate = inputRate
    settings.co2Intensity = co2Intensity
    settings.coreWatts = coreWatts
    settings.workers = engine.workerCount
    settings.batchMax = engine.batch
    return settings
  }

  private static func targets(_ texts: [String]) throws -> [FalsePositiveRate] {
    let targets = try texts.map { text in
      guard let rate = FalsePositiveRate(text) else {
        throw ValidationError("--fpr \(text): expected a rate between 0 and 1, such as 1e-3")
      }
      return rate
    }
    if Set(targets).count != targets.count { throw ValidationError("--fpr has a rate twice") }
    return targets.sorted(by: >)
  }

  private func checkReport() throws {
    var outputs = Outputs()
    outputs.folder("--report", report)
    // Files can be checked only where their folder exists.
    if let report, access(report, F_OK) == 0 {
      for name in ReportFiles.names { outputs.file("--report", "\(report)/\(name)") }
    }
    outputs.folder("--pictures", pictures)
    if let pictures, !replace.force, try !PictureFolder.isEmpty(pictures) {
      throw FileFault(
        file: pictures, found: "a folder with files in it", expected: "a new or empty folder",
        remedy: "choose another name, or give --force")
    }
    let inputs = (model + anomalies).map { NamedInput(parsing: $0).path }
    try outputs.check(
      inputs: inputs + background + trainingBackground + calibration, replacing: replace.force)
  }

  private func write(_ study: Study, origin: ReportOrigin) throws -> [String] {
    var written: [String] = []
    if let report {
      try makeFolder(report)
      written += try ReportFiles(study, origin: origin).write(to: report, replacing: replace.force)
    }
    if let pictures {
      try makeFolder(pictures)
      written += try PictureFolder(pictures).write(
        PictureFiles(study).files, replacing: replace.force)
    }
    return written
  }

  private func makeFolder(_ path: String) throws {
    if mkdir(path, 0o777) != 0, errno != EEXIST {
      throw SystemCallError("make the folder", file: path)
    }
  }

  private func facts(_ study: Study, written: [String]) -> Facts {
    var facts = Facts()
    for member in study.summaryJSON.members {
      facts.add(member.name, member.value, line: lines(member.name, of: study))
    }
    facts.add(
      "written", .array(written.map { .string($0) }),
      line: writtenLine(written))
    return facts
  }

  /// The report's files by name, and how many pictures there are.
  private func writtenLine(_ written: [String]) -> String {
    guard let pictures else {
      return written.isEmpty ? "" : "written: \(written.joined(separator: ", "))"
    }
    let inFolder = written.filter { $0.hasPrefix("\(pictures)/") && $0.hasSuffix(".svg") }.count
    let others = written.filter { !$0.hasPrefix("\(pictures)/") }
    return "written: \((others + ["\(inFolder) pictures in \(pictures)"]).joined(separator: ", "))"
  }

  /// The text of a member of the summary; "" where another line has it.
  private func lines(_ member: String, of study: Study) -> String {
    switch member {
    case "samples":
      ([study.inputs.background] + study.inputs.signals).map {
        "\($0.name): \(counted($0.rows.count, "event"))"
      }.joined(separator: "\n")
    case "scores": study.tables.joined(separator: "\n\n")
    case "calibrations": study.calibrationLines.joined(separator: "\n")
    case "verdicts": study.verdicts.joined(separator: "\n")
    case "notes": study.notes.map { "note: \($0)" }.joined(separator: "\n")
    case "confidence":
      [
        study.settings.bootstrapRepeats == 0
          ? "intervals: none, since 0 bootstrap repeats were asked for"
          : "intervals: at confidence \(study.settings.confidence)", study.tooFewLine,
      ]
      .filter { !$0.isEmpty }.joined(separator: "\n")
    default: ""
    }
  }
}
