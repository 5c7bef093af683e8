internal import DurableFiles
internal import RunFiles
package import ScoreModel

/// The effect of a start on the journal, found out by doing all of it in a folder whose changes stay
/// in memory.
package struct JournalRehearsal {
  /// The state of the journal and the segments that would be closed, as the start logs it.
  package let opening: String
  /// The warnings of the start, a line each.
  package let notes: [String]

  /// Must not be called while another process has the journal open.
  ///
  /// - Parameter refusal: the errno with which a file there could not be made longer; nil where it
  ///   could.
  /// - Throws: what opening the journal throws.
  package init(_ settings: PipelineSettings, model: TrainedModel, refusal: CInt?) throws {
    var settings = settings
    settings.store = RehearsedFolder(settings.journalPath, refusal: refusal)
    let journal = try settings.openJournal(for: model)
    if settings.journalLimits.isLimited { try journal.prepareRetention() }
    let ledgers = try JournalLedgers(journal.store)
    opening = journal.openingText
    notes = journal.notes + ledgers.notes
  }
}

extension PipelineSettings {
  /// Opens the journal for the records of `model`.
  func openJournal(for model: TrainedModel) throws -> FlaggedJournal {
    try FlaggedJournal(
      store: journalStore, featureCount: model.shape.featureCount, featureNames: model.featureNames,
      segmentByteCountMax: segmentByteCountMax)
  }
}

extension FlaggedJournal {
  /// The state when it was opened, for the log.
  var openingText: String {
    let repaired = recovery.lines.map { "; \($0)" }.joined()
    return "\(folder), next number \(nextNumber), last published \(publishedNumber)\(repaired)"
  }
}
