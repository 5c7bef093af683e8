internal import DurableFiles

/// The files beside the journal's segments that hold the sums and the decisions of its runs.
struct JournalLedgers {
  let file: LedgerFile
  let state: RunAccountFile
  let decisions: DecisionLog

  /// A line for each file or part of one that could not be used.
  var notes: [String] { unusable + state.notes }
  private let unusable: [String]

  /// Opens or makes the files in `store`, whose lock is held.
  init(_ store: any FolderStore) throws {
    // A first start makes the lines' file before the accounts'.
    let isMissing =
      try store.status(of: LedgerFile.name) == nil
      && store.status(of: RunAccountFile.fileName) != nil
    let irregular = try store.setAsideIrregular([LedgerFile.name, DecisionLog.name])
    // Before the files are opened: an opened one gets the end of a line that was cut.
    let path = store.path(of: LedgerFile.name)
    let lost = isMissing ? ["\(path): missing; the runs closed before are in no ledger"] : []
    unusable =
      lost + irregular
      + [LedgerFile.name, DecisionLog.name].compactMap { name in
        do {
          return try JSONLines.damage(of: name, in: store)
        } catch {
          return "\(error); what it says is not known"
        }
      }
    file = try LedgerFile(store: store)
    state = try RunAccountFile(store: store, slotCount: RunLedgerTable.entryCount)
    decisions = try DecisionLog(store: store)
  }

  /// Brings all of it to the disk, lines first: about once a second, by the thread that waits for the
  /// disk, and at the end. Returns why it failed: it is tried again the next time.
  var synchronise: @Sendable () -> (any Error)? {
    let parts = [file.synchronise, decisions.synchronise, state.synchronise]
    return {
      for part in parts {
        do { try part() } catch { return error }
      }
      return nil
    }
  }
}
