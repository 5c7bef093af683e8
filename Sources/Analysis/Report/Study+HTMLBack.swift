internal import Calibration
internal import DurableFiles
internal import NumberText
internal import ScoreEngine
internal import ScoreModel

extension Study {
  var trainingMarkup: String { gallery(lossFigures) + costTable + scoringTable }

  /// The rates of each model beside its cost at every event, for choosing among several.
  private var scoringTable: String {
    let target = Self.lowestTarget(
      settings.targets, backgroundCount: inputs.background.rows.count)
    let rows = zip(inputs.models, metrics.scores).map { model, score in
      let shape = model.loaded.model.shape
      let sigmas = model.scoring.levels.map { decimal(Double(model.loaded.model.sigmas[$0])) }
      return [
        model.name.escapedMarkup, "\(shape.blockCount)", "\(shape.hiddenWidth)",
        sigmas.isEmpty ? "none" : sigmas.joined(separator: ", "),
        "\(multiplyAddsPerEvent(of: model))",
      ]
        + score.signals.map { signal in
          signal.rates.first { $0.target == target }.map { rateText($0.tpr) }
            ?? areaText(signal.auroc)
        }
    }
    return "<h3>What scoring costs, and what it finds</h3>\n"
      + HTMLTable(
        header: ["model", "blocks", "width", "sigmas that score", "multiply-adds an event"]
          + signalNames.map(\.escapedMarkup), rows: rows
      ).markup
      + paragraph(
        "Each signal: "
          + (target.map { "the TPR at \(unbroken($0.shortText))" } ?? "the AUROC")
          + ". Models of other widths and levels can be given together; tamis bench measures "
          + "events a second.", class: "quiet")
  }

  /// How many products of an input and a weight the score of one event takes.
  func multiplyAddsPerEvent(of model: StudyModel) -> Int {
    ScoringNetwork(
      model: model.loaded.model, scoring: model.scoring, instructionSet: settings.instructionSet
    ).multiplyAddsPerEvent
  }

  private var costTable: String {
    let rows = inputs.models.compactMap { model -> [String]? in
      guard let cost = model.cost else { return nil }
      let account = EnergyAccount(cost, settings: settings)
      return [
        model.name.escapedMarkup, decimal(cost.cpuSeconds), decimal(cost.wallSeconds),
        "\(decimal(account.joules / 3.6e6)) \(account.isMeasured ? "measured" : "estimated")",
        decimal(account.co2Grams),
      ]
    }
    guard !rows.isEmpty else {
      return paragraph(
        "What the training took is not known: no file MODEL.training.json stands beside a model.",
        class: "quiet")
    }
    return HTMLTable(
      header: ["model", "processor seconds", "wall seconds", "energy in kWh", "CO2 in grams"],
      rows: rows
    ).markup
      + paragraph(
        "An estimated energy is processor seconds times an assumed "
          + "\(decimal(settings.coreWatts)) W for a busy core, and may be off by a factor of a few. "
          + "CO2 at \(decimal(settings.co2Intensity)) g a kilowatt-hour.", class: "quiet")
  }

  var meaningMarkup: String {
    let points = [
      "A flagged event is not a discovery. It is an event that the background sample has few of. "
        + "Particle physics speaks of a discovery at five standard deviations: a chance below "
        + "\(decimal(fiveSigmaProbability)) (p < 3e-7) that background alone does as much, with "
        + "every uncertainty of the background included, and for one hypothesis that was fixed "
        + "before the data were looked at. No number on this page is such a p-value.",
      "These rates hold for events that are exchangeable with the background sample. A simulation "
        + "that models the detector badly, a drift, a new dead channel: each makes events strange, "
        + "and a detector of strange events finds exactly these first.",
      "AUROC weighs all thresholds alike. A trigger works at one, far to the left; read the "
        + "true-positive rate there.",
      "The signals here are those that someone thought of. A model that finds them need not find "
        + "others, and one chosen for finding them is no longer blind to them.",
    ]
    let list = points.map { "<li>\($0.escapedMarkup)</li>" }.joined(separator: "\n")
    return "<ul>\n\(list)\n</ul>\n" + hourlyTable
  }

  private var hourlyTable: String {
    guard !hourly.isEmpty else { return "" }
    return "<h3>Pure background, for an hour</h3>\n"
      + HTMLTable(
        header: [
          "model", "working point", "rate", "flags an hour", "rate error that fakes 5 sigma",
        ],
        rows: hourly.map { flags in
          [
            flags.model.escapedMarkup, flags.name.escapedMarkup, decimal(flags.rate),
            plain(flags.perHour)
              + (flags.perHourInterval.map {
                " <small>[\(plain($0.lowerBound)), \(plain($0.upperBound))]</small>"
              } ?? ""), "\(decimal(100 * flags.errorThatFakesDiscovery, digits: 2)) %",
          ]
        }, textColumns: [1]
      ).markup
      + paragraph(
        "At \(decimal(settings.inputRate, digits: 6)) events a second, with no anomaly in the stream. "
          + "Last column: were the background's true rate higher than the calibrated one by so much, "
          + "the excess in one hour would look like five standard deviations of counting, and would "
          + "be nothing but background.", class: "quiet")
  }

  var provenanceMarkup: String {
    samplesTable + inputs.models.map(modelTable).joined() + settingsTable
  }

  private func hash(_ text: String) -> String { "<span class=\"hash\">\(text)</span>" }

  private var samplesTable: String {
    var samples = [inputs.background] + inputs.signals
    if let training = inputs.training { samples.append(training) }
    return "<h3>Events</h3>\n"
      + HTMLTable(
        header: ["sample", "file", "events", "SHA-256"],
        rows: samples.flatMap { sample in
          sample.origins.map { origin in
            [
              sample.name.escapedMarkup, origin.path.escapedMarkup, "\(origin.eventCount)",
              hash(origin.sha256.description),
            ]
          }
        }, textColumns: [1, 3]
      ).markup
  }

  private func modelTable(_ model: StudyModel) -> String {
    let network = model.loaded.model
    let shape = network.shape
    var rows: [(String, String)] = [
      ("kind", model.kind), ("file", model.loaded.path),
      ("SHA-256", model.loaded.sha256.description),
      ("network", shape.summary),
      ("score", model.explanation),
    ]
    rows += TrainingRecordFacts(network).entries.map {
      ("training: \($0.name)", $0.text)
    }
    if let thresholds = model.thresholds {
      rows += [
        ("calibration", thresholds.path), ("calibration SHA-256", thresholds.sha256.description),
        ("calibration events", "\(thresholds.calibration.eventCount)"),
      ]
    }
    rows += model.loaded.notes.map { ("note", $0) }
    return "<h3>\(model.name.escapedMarkup)</h3>\n"
      + HTMLTable(
        header: ["", ""],
        rows: rows.map { [$0.0.escapedMarkup, hash($0.1.escapedMarkup)] }, textColumns: [1]
      ).markup
  }

  private var settingsTable: String {
    let rows: [(String, String)] = [
      ("confidence", decimal(settings.confidence)),
      ("bootstrap repeats", "\(settings.bootstrapRepeats)"), ("seed", "\(settings.seed)"),
      ("instruction set", settings.instructionSet.rawValue),
    ]
    return "<h3>This evaluation</h3>\n"
      + HTMLTable(
        header: ["", ""], rows: rows.map { [$0.0, $0.1.escapedMarkup] }, textColumns: [1]
      ).markup
  }
}

/// P(X > 5) of a standard normal, which particle physics demands of a discovery.
let fiveSigmaProbability = 2.866515718791939e-07
