internal import CommandFrame
internal import DurableFiles
internal import EventRecords
internal import Offline
internal import RunFiles
internal import ScoreModel
internal import StrictJSON

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

/// Says on stderr that a model is calibrated on the events that it holds: these are at distance 0,
/// so that thresholds come out too low.
func warnOfTrainingEvents(_ loaded: LoadedModel, _ background: EventSource) {
  guard loaded.model.distance != nil, let record = loaded.model.trainingRecord,
    let value = try? JSONValue(parsing: record), case .object(let object) = value,
    let member = object.members.first(where: { $0.name == "data_sha256" }),
    case .string(digest(of: background)) = member.value
  else { return }
  complain(
    "warning: the background is what \(loaded.path) was trained on; its score has the distance to "
      + "these events, which are at distance 0 from themselves, so that thresholds come out too "
      + "low: calibrate on other events")
}
