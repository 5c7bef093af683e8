internal import CommandFrame
internal import DurableFiles
internal import EventRecords
internal import Glibc
internal import NumberText
internal import Offline
internal import RunFiles
internal import ScoreEngine
internal import ScoreModel
internal import StrictJSON
internal import TriggerPipeline

/// Loads a model, and reports its notes on stderr.
/// - Throws: what `TrainedModel.load` throws.
func openModel(_ path: String) throws -> LoadedModel {
  let loaded = try TrainedModel.load(path)
  for note in loaded.notes { complain("\(path): \(note)") }
  return loaded
}

/// Opens the EVENTS of a command, and reports their notes on stderr, such as a torn end.
/// - Throws: what `EventSource` throws.
func openEvents(_ paths: [String]) throws -> EventSource {
  let source = try EventSource(paths: paths)
  for note in source.notes { complain(note) }
  return source
}

/// Throws where two of `journals` are one folder, under one name or under two: its records would count
/// twice. What is not there is left to who opens it.
func refuseRepeats(of journals: [String]) throws(FileFault) {
  var known: [[UInt64]: String] = [:]
  for journal in journals {
    var status = stat()
    guard stat(journal, &status) == 0 else { continue }
    let identity = [UInt64(status.st_dev), UInt64(status.st_ino)]
    if let earlier = known[identity] {
      throw FileFault(
        file: journal, found: earlier == journal ? "it twice" : "the same folder as \(earlier)",
        expected: "each journal once", remedy: "its records would count twice: leave one out")
    }
    known[identity] = journal
  }
}

/// The events that `--background` names, for every command that has the option.
///
/// Of a flagged journal the unbiased sample is taken, since events that were kept for their score are
/// no background; a journal without a sample is refused. Left-out records are reported on stderr.
func backgroundSource(_ paths: [String]) throws -> EventSource {
  let background = try BackgroundEvents(paths: paths)
  for note in background.notes { complain(note) }
  return background.source
}

/// Throws where the events are not of the model's features.
func checkFeatures(of events: EventSource, fit loaded: LoadedModel) throws {
  let file = events.inputs.first?.path ?? "input"
  try checkFeatureCount(
    events.featureCount, of: file, is: loaded.model.shape.featureCount, of: loaded.path)
  let (found, wanted) = (events.schema, loaded.model.schema)
  guard found == 0 || wanted == 0 || found == wanted else {
    throw FileFault(
      file: file, place: "schema", found: schemaText(found),
      expected: "\(schemaText(wanted)), as \(loaded.path) has",
      remedy: "the two have other feature names or another order of them; use matching files")
  }
}

/// Throws where the events of `file` have another number of features than `other`.
func checkFeatureCount(
  _ found: Int, of file: String, is expected: Int, of other: String
) throws(FileFault) {
  if found == expected { return }
  throw FileFault(
    file: file, found: "\(counted(found, "feature")) an event",
    expected: "\(expected), as \(other) has")
}

/// The hash of one input, or of the hashes of several, one a line: what a training record calls
/// `data_sha256`.
func digest(of input: EventSource) -> String {
  let digests = input.inputs.map { "\($0.sha256())" }
  return digests.count == 1
    ? digests[0] : "\(SHA256Digest(of: digests.joined(separator: "\n")))"
}

/// The hash of the events that a model was trained on; nil where the model does not state it.
func trainingData(of loaded: LoadedModel) -> String? {
  guard case .string(let digest)? = loaded.model.parsedTrainingRecord?["data_sha256"] else {
    return nil
  }
  return digest
}

/// Warns on stderr where a model is calibrated on the events that its distance holds: they are at
/// distance 0, and thresholds come out too low.
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
