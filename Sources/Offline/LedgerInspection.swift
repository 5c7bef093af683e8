internal import DurableFiles
internal import EventRecords
internal import NumberText
package import RunFiles
internal import StrictJSON
internal import TriggerPipeline

/// The faults of the ledgers and the decisions of the journal in `folder`, one line for each damaged
/// line, account or file. Nothing is changed; a journal without any of them has no fault.
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

/// The content of the file at `path`, if it is that of `ledger.open`, `ledger.jsonl` or
/// `decisions.jsonl`. With `byName` a file of one of these names counts, whatever is in it. Nil if it
/// is none of them. Changes nothing.
///
/// - Throws: `SystemCallError`.
package func ledgerFileStatement(_ path: String, byName: Bool) throws -> FileStatement? {
  let file = try MappedFile(path)
  return try withExtendedLifetime(file) {
    let name = lastComponent(path)
    if RunAccountFile.isMarked(file.bytes) || byName && isOrWas(name, FlaggedJournal.accountsName) {
      return stateAccounts(file.bytes, path: path)
    }
    let isLines = [FlaggedJournal.ledgerName, decisionsFileName].contains { isOrWas(name, $0) }
    let writtenByteCount = file.writtenRanges.reduce(0) { $0 + $1.count }
    guard writtenByteCount <= linesByteCountMax, byName ? isLines : mayBeLines(file.bytes) else {
      return nil
    }
    let lines = try JSONLines(path)
    // Of a torn file any line tells what it is.
    for place in lines.places.prefix(100) {
      guard case .object(let members) = place.value else { continue }
      if members["closing"] != nil, members["refused"] != nil { return stateLedger(lines) }
      let isChange = members["model_sha256"] != nil && members["flood_prescale"] != nil
      let isTable =
        members[PrescaleTable.identityKey] != nil && members[PrescaleTable.rowsKey] != nil
      if isChange || isTable { return stateDecisions(lines) }
    }
    guard byName else { return nil }
    return isOrWas(name, FlaggedJournal.ledgerName) ? stateLedger(lines) : stateDecisions(lines)
  }
}

private func stateAccounts(_ bytes: UnsafeRawBufferPointer, path: String) -> FileStatement {
  let (accounts, damage) = RunAccountFile.accounts(in: bytes, path: path)
  let shown = accounts.prefix(10).map {
    "run \($0.account.run) source \($0.account.source): \(counted($0.account.decided.received, "record")) "
      + "decided, \($0.account.flagged) flagged"
  }
  return FileStatement(
    lines: ["the accounts of a journal's open runs", "open: \(counted(accounts.count, "run"))"]
      + shown
      + (accounts.count > shown.count ? ["and \(accounts.count - shown.count) more"] : []),
    problems: [damage].compactMap(\.self))
}

private func stateLedger(_ lines: JSONLines) -> FileStatement {
  let ledger = LedgerTakes(lines)
  let refused = ledger.refused.values.reduce(into: ledger.refusedOfUnknown) { $0.add($1) }
  return FileStatement(
    lines: [
      "the ledger of a journal's closed runs", counted(lines.places.count, "line"),
      "closed: \(counted(ledger.takes.count, "take")) of runs and sources",
      "refused: "
        + (refused.isEmpty
          ? "0"
          : refused.ordered.map { "\($0.reason.rawValue) \($0.count)" }.joined(separator: ", ")),
    ], problems: ledger.notes)
}

private func stateDecisions(_ lines: JSONLines) -> FileStatement {
  let history = DecisionHistory(lines)
  return FileStatement(
    lines: [
      "what decided the records of a journal", counted(lines.places.count, "line"),
      "changes: \(history.changes.count)", "tables of prescales: \(history.prescaleTables.count)",
    ], problems: history.notes)
}

/// A larger file is none of lines.
private let linesByteCountMax = 1 << 30

/// Whether a line at the beginning of a file begins as an object does; the first may be torn.
private func mayBeLines(_ bytes: UnsafeRawBufferPointer) -> Bool {
  let head = bytes.prefix(1 << 16)
  return zip([UInt8(ascii: "\n")] + head, head).contains {
    $0 == UInt8(ascii: "\n") && $1 == UInt8(ascii: "{")
  }
}
