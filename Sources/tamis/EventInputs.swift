internal import CommandFrame
internal import RunFiles

/// Opens what a command calls EVENTS, and says on stderr what the user should know of it: a run that was
/// not finished, a torn end.
/// - Throws: what `EventSource` throws.
func openEvents(_ paths: [String]) throws -> EventSource {
  let source = try EventSource(paths: paths)
  for note in source.notes { complain(note) }
  return source
}
