internal import CommandFrame
internal import DurableFiles
internal import EventRecords
internal import Offline
internal import RunFiles
internal import ScoreEngine
internal import ScoreModel
internal import StrictJSON
internal import TriggerPipeline

/// Loads a model, and says on stderr what the user should know of it.
/// - Throws: what `TrainedModel.load` throws.
func openModel(_ path: String) throws -> LoadedModel {
  let loaded = try TrainedModel.load(path)
  for note in loaded.notes { complain("\(path): \(note)") }
  return loaded
}

/// Opens what a command calls EVENTS, and says on stderr what the user should know of it: a run
/// that was not finished, a torn end.
/// - Throws: what `EventSource` throws.
func openEvents(_ paths: [String]) throws -> EventSource {
  let source = try EventSource(paths: paths)
  for note in source.notes { complain(note) }
  return source
}

/// The events that `--background` names, for every command that has the option.
///
/// Events that a journal has kept for their score are no background. Of a flagged journal the
/// unbiased sample is taken, as `tamis calibrate` does; a journal without a sample is refused.
/// Left-out records are reported.
func backgroundSource(_ paths: [String]) throws -> EventSource {
  let background = try BackgroundEvents(paths: paths)
  for note in background.notes { complain(note) }
  return background.source
}

/// The hash of one input, or of the hashes of several, one a line: what a training record calls
/// `data_sha256`.
func digest(of input: EventSource) -> String {
  let digests = input.inputs.map { "\($0.sha256())" }
  return digests.count == 1
    ? digests[0] : "\(SHA256Digest(of: digests.joined(separator: "\n")))"
}

/// The hash of the events that a model was trained on, where it says.
func trainingData(of loaded: LoadedModel) -> String? {
  guard let record = loaded.model.trainingRecord, let value = try? JSONValue(parsing: record),
    case .object(let object) = value, case .string(let digest)? = object["data_sha256"]
  else { return nil }
  return digest
}

/// Says on stderr that a model is calibrated on the events that it holds: these are at distance 0,
/// so that thresholds come out too low.
func warnOfTrainingEvents(_ loaded: LoadedModel, _ background: EventSource) {
  guard loaded.model.distance != nil, trainingData(of: loaded) == digest(of: background) else {
    return
  }
  complain(
    "warning: the background is what \(loaded.path) was trained on; its score has the distance to "
      + "these events, which are at distance 0 from themselves, so that thresholds come out too "
      + "low: calibrate on other events")
}

extension OfflineTrigger {
  /// Scores every event exactly, at the noise levels of a calibration.
  init(
    _ calibration: MatchedCalibration, of model: LoadedModel, engine: EngineOptions
  ) throws(InstructionSetError) {
    let network = ScoringNetwork(
      model: model.model, scoring: calibration.scoring(of: model.model),
      instructionSet: try InstructionSet.selected())
    self.init(network: network, workers: engine.workerCount, batchMax: engine.batch)
  }
}
