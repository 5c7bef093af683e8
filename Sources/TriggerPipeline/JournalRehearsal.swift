internal import DurableFiles
internal import RunFiles
package import ScoreModel

/// What a start would do to the journal. All of it is done, in a folder whose changes stay in
/// memory, so that it is what the start does.
package struct JournalRehearsal {
  /// What is in the journal, and the segments that would be closed, as the start logs it.
  package let opening: String
  /// What the start would warn of, a line each.
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
  /// What it held when it was opened.
  var openingText: String {
    let repaired = recovery.lines.map { "; \($0)" }.joined()
    return "\(folder), next number \(nextNumber), last published \(publishedNumber)\(repaired)"
  }
}
