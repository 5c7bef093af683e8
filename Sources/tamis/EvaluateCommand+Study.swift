internal import Analysis
internal import ArgumentParser
internal import Calibration
internal import CommandFrame
internal import DurableFiles
internal import RunFiles
internal import ScoreModel
internal import TriggerPipeline

extension EvaluateCommand {
  func studyModels() throws -> [StudyModel] {
    let inputs = model.map { NamedInput(parsing: $0) }
    let loaded = try inputs.map { try openModel($0.path) }
    let thresholds = try Thresholds.match(calibration, to: loaded)
    for each in thresholds.compactMap({ $0 }) where each.calibration.conditionBins != nil {
      complain(
        "\(each.path): has thresholds by condition; the report shows the one over all conditions, "
          + "and its rates are those of that one")
    }
    return try zip(inputs, loaded).enumerated().map { index, pair in
      let (input, loaded) = pair
      let matchedCalibration = thresholds[index]
      return StudyModel(
        name: input.name, loaded: loaded,
        scoring: try matchedCalibration?.scoring(of: loaded.model)
          ?? scoring.scoring(of: loaded.model),
        thresholds: matchedCalibration?.loaded,
        cost: try TrainingExpense.load(besideModel: input.path))
    }
  }

  func sample(
    _ name: String, source: EventSource, fit models: [StudyModel]
  ) throws -> StudySample {
    for note in source.notes { complain(note) }
    for model in models { try checkFeatures(of: source, fit: model.loaded) }
    return StudySample(
      rows: EventRows(source, name: name),
      origins: source.inputs.map {
        SampleOrigin(path: $0.path, sha256: $0.sha256(), eventCount: $0.eventCount)
      })
  }

  /// A signal, a model and a baseline of one name could not be told apart in a table.
  func checkNames(_ inputs: StudyInputs) throws {
    let scores =
      inputs.models.map(\.name) + Study.baselineNames + inputs.variables.map(\.name)
    if let twice = scores.first(where: { name in scores.count { $0 == name } > 1 }) {
      throw ValidationError(
        "two scores are called \(twice); rename a model or a variable with NAME=...")
    }
  }

  /// Baselines must not be judged on events that they were fitted on.
  func checkSplit(_ inputs: StudyInputs) throws {
    let known = inputs.background.origins.map(\.sha256)
    for origin in inputs.training?.origins ?? [] where known.contains(origin.sha256) {
      throw FileFault(
        file: origin.path, found: "the events that --background has too",
        expected: "other events to fit baselines on",
        remedy: "give the ones the model was trained on")
    }
    for thresholds in inputs.models.compactMap(\.thresholds)
    where thresholds.calibration.runs.contains(where: { known.contains($0.sha256) }) {
      complain(
        "\(thresholds.path): was made of these background events; they cannot test its rates. Give "
          + "background that it has not seen")
    }
    for model in inputs.models {
      guard let trained = trainingData(of: model.loaded),
        known.contains(where: { $0.description == trained })
      else { continue }
      complain(
        "\(model.loaded.path): was trained on these background events; every number here is too "
          + "good. Give background that it has not seen")
    }
  }
}
