internal import DurableFiles
internal import RunFiles

/// What is wrong with the ledgers and the decisions of the journal in `folder`, one line for each damaged
/// line, account or file. Nothing is changed; a journal without any of them is no fault.
package func ledgerDamage(inFolder folder: String) throws -> [String] {
  let store = DiskFolder(folder)
  var damage: [String] = []
  if try [FlaggedJournal.ledgerName, FlaggedJournal.accountsName].contains(where: { name in
    try store.status(of: name) != nil
  }) {
    do {
      damage += try LedgerTakes(journal: folder).notes
    } catch {
      damage.append("\(error)")
    }
  }
  return damage + (try DecisionHistory(journal: folder)?.notes ?? [])
}
