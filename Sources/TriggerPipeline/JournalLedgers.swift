internal import DurableFiles

/// The files beside the journal's segments that hold the sums and the decisions of its runs.
struct JournalLedgers {
  let file: LedgerFile
  let state: RunAccountFile
  let decisions: DecisionLog

  /// Opens or makes the files in `store`, whose lock is held.
  init(_ store: any FolderStore) throws {
    file = try LedgerFile(store: store)
    state = try RunAccountFile(store: store, slotCount: RunLedgerTable.entryCount)
    decisions = try DecisionLog(store: store)
  }

  /// Brings all files to the disk, lines first. The thread that waits for the disk calls it about
  /// once a second. A file that fails is tried again the next time.
  var synchronise: @Sendable () -> Void {
    let parts = [file.synchronise, decisions.synchronise, state.synchronise]
    return {
      for part in parts {
        do { try part() } catch { return }
      }
    }
  }
}
