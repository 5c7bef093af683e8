internal import DurableFiles
internal import Glibc

/// `decisions.jsonl` beside the journal's segments: what decided, from when on. With it the decisions
/// of a journal can be repeated though arms were switched or a flood was capped on the way.
final class DecisionLog {
  private let file: OpenFile

  init(folder: String) throws(SystemCallError) {
    file = try OpenFile(opening: "\(folder)/decisions.jsonl", flags: O_CREAT | O_WRONLY | O_APPEND)
  }

  /// Appends a change. A failure is told and costs the line, not the stream.
  func append(_ change: DecisionChange, observer: any PipelineObserver) {
    let line = Array("\(change.json)\n".utf8)
    do {
      try line.withUnsafeBytes { try file.writeAll($0) }
    } catch {
      observer.journalStalled("\(error)")
    }
  }
}
