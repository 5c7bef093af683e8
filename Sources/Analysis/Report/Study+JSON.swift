internal import Calibration
internal import DurableFiles
internal import ScoreEngine
internal import ScoreModel
package import StrictJSON

/// Who made a report, and when.
package struct ReportOrigin: Sendable {
  /// Such as `tamis 0.1.0`.
  package var program: String
  /// In UTC, such as `2026-11-23T20:00:00Z`.
  package var created: String
  /// What the reader calls the study; nil for the models' names.
  package var title: String?

  /// Creates an origin.
  package init(program: String, created: String, title: String? = nil) {
    self.program = program
    self.created = created
    self.title = title
  }
}

extension Study {
  /// The format of `report.json`.
  package static let format = "tamis-report/1"

  /// The summary: samples, scores and comparisons, without the data of the pictures.
  package var summaryJSON: JSONObject {
    [
      "confidence": .real(settings.confidence), "samples": samplesJSON,
      "scores": .array(
        metrics.scores.map { $0.json(signalNames: signalNames, withCurves: false) }),
      "comparisons": .array(metrics.comparisons.map { $0.json(signalNames: signalNames) }),
      "calibrations": .array(checks.map { $0.json(signalNames: signalNames) }),
      "verdicts": .array(verdicts.map { .string($0) }), "notes": .array(notes.map { .string($0) }),
    ]
  }

  /// Every number that the report shows.
  package func json(_ origin: ReportOrigin) -> JSONValue {
    var report: JSONObject = [
      "format": .string(Self.format), "program": .string(origin.program),
      "created": .string(origin.created),
      "instruction_set": .string(settings.instructionSet.rawValue), "settings": settingsJSON,
    ]
    if let title = origin.title { report["title"] = .string(title) }
    report.merge(summaryJSON)
    report["scores"] = .array(
      metrics.scores.map { $0.json(signalNames: signalNames, withCurves: true) })
    report["models"] = .array(inputs.models.map { modelJSON($0) })
    report["levels"] = .array(levels.map { $0.json(signalNames: signalNames) })
    report["correlations"] = .array(correlations.map(\.json))
    report["score_histograms"] = .array(histograms.map(\.json))
    report["features"] = contrasts.json
    report["components"] = .optional(shape) { $0.json(scatter: scatter) }
    report["strangest"] = .array(strangest.map { $0.json(names: inputs.featureNames) })
    report["hourly"] = .array(hourly.map(\.json))
    report["meaning"] = .object([
      "five_sigma_p": .real(fiveSigmaProbability), "input_rate": .real(settings.inputRate),
    ])
    return .object(report)
  }

  var signalNames: [String] { inputs.signals.map(\.name) }

  private var settingsJSON: JSONValue {
    .object([
      "targets": .array(settings.targets.map { .number($0.description) }),
      "confidence": .real(settings.confidence),
      "bootstrap_repeats": .integer(settings.bootstrapRepeats), "seed": .integer(settings.seed),
      "background_min": .real(RateAtFPR.backgroundMin),
      "pca_components": .optional(settings.componentCount) { .integer($0) },
      "input_rate": .real(settings.inputRate),
      "co2_grams_per_kwh": .real(settings.co2Intensity), "core_watts": .real(settings.coreWatts),
    ])
  }

  private var samplesJSON: JSONValue {
    let samples: [(String, StudySample)] =
      [("background", inputs.background)] + inputs.signals.map { ("signal", $0) }
      + (inputs.training.map { [("training background", $0)] } ?? [])
    return .array(
      samples.map { role, sample in
        .object([
          "role": .string(role), "name": .string(sample.name),
          "events": .integer(sample.rows.count),
          "files": .array(
            sample.origins.map {
              .object([
                "path": .string($0.path), "sha256": .string($0.sha256.description),
                "events": .integer($0.eventCount),
              ])
            }),
        ])
      })
  }

  private func modelJSON(_ model: StudyModel) -> JSONValue {
    let account = model.cost.map { EnergyAccount($0, settings: settings) }
    return .object([
      "name": .string(model.name), "kind": .string(model.kind),
      "path": .string(model.loaded.path), "sha256": .string(model.loaded.sha256.description),
      "notes": .array(model.loaded.notes.map { .string($0) }),
      "features": .integer(model.loaded.model.shape.featureCount),
      "hidden": .integer(model.loaded.model.shape.hiddenWidth),
      "blocks": .integer(model.loaded.model.shape.blockCount),
      "parameters": .integer(model.loaded.model.shape.parameterCount),
      "multiply_adds_per_event": .integer(multiplyAddsPerEvent(of: model)),
      "sigmas": .array(model.loaded.model.sigmas.map { .finite($0) }),
      "levels": .array(model.scoring.levels.map { .integer($0) }),
      "weights": .array(model.scoring.weights.map { .finite($0) }),
      "training": .optional(model.loaded.model.parsedTrainingRecord) { .object($0) },
      "cost": .optional(model.cost) { $0.json(account) },
    ])
  }
}
