internal import CommandFrame
internal import EventRecords
internal import TriggerPipeline

/// The events that `--background` names, for every command that has the option.
///
/// What a flagged journal kept for its score is anything but background: of a journal the unbiased
/// sample is taken, as `tamis calibrate` does, and one without a sample is refused. What was left
/// out is said.
func backgroundSource(_ paths: [String]) throws -> EventSource {
  let background = try BackgroundEvents(paths: paths)
  for note in background.notes { complain(note) }
  return background.source
}
