internal import DurableFiles
internal import RunFiles

/// `decisions.jsonl` beside the journal's segments: each model, calibration and prescale that decided,
/// and from which event on. With it the decisions of a journal can be repeated even when generations
/// were switched or a flood was capped.
final class DecisionLog {
  private let file: JSONLineFile
  /// Changes that could not be written yet, the oldest first.
  private var waiting: [String] = []
  private static let waitingMax = 1_000
  /// The table of prescales that this process has written last.
  private var toldTable: String?

  static let name = decisionsFileName

  init(store: any FolderStore) throws(SystemCallError) {
    file = try JSONLineFile(Self.name, in: store)
  }

  /// The last change of the process before; nil where it is not known.
  var last: DecisionChange? { DecisionChange(lastOf: file.endAtOpening) }

  /// Appends a change. A failure is reported. The line is tried again with the next one and at
  /// `retry`; the stream continues.
  func append(_ change: DecisionChange, observer: any PipelineObserver) {
    append(line: change.json, observer: observer)
  }

  private func append(line: String, observer: any PipelineObserver) {
    if waiting.count == Self.waitingMax { waiting.removeFirst() }
    waiting.append(line)
    retry(observer)
  }

  /// Appends a table of prescales, before the first change that names it.
  func tell(of table: PrescaleTable, observer: any PipelineObserver) {
    guard table.identity != toldTable else { return }
    toldTable = table.identity
    append(line: table.json, observer: observer)
  }

  /// Writes the lines that could not be written before. Cheap where there are none.
  func retry(_ observer: any PipelineObserver) {
    while let line = waiting.first {
      do {
        try file.append(line)
        waiting.removeFirst()
      } catch {
        observer.journalStalled("\(error)")
        return
      }
    }
  }

  /// Returns when the lines are on the disk.
  var synchronise: @Sendable () throws -> Void { { [file] in try file.synchronise() } }
}
