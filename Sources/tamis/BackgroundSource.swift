internal import CommandFrame
internal import EventRecords
internal import TriggerPipeline

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
