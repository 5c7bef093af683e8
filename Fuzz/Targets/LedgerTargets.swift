internal import DurableFiles
internal import EventRecords
internal import Offline

@testable internal import TriggerPipeline

/// What is kept beside the journal's segments.
let ledgerTargets = [
  FuzzTarget(name: "ledger-lines", body: readLedgerLines),
  FuzzTarget(name: "ledger-open", body: readOpenLedger),
  FuzzTarget(name: "decisions", body: readDecisions),
]

private func readLedgerLines(_ input: UnsafeRawBufferPointer) throws {
  let folder = ScratchFolder.shared
  try folder.write("ledger.jsonl", input)
  for account in try StreamLedger(journals: [folder.path]).accounts {
    require(account.decided <= account.expected, "decided at most what was sent")
    _ = account.missingRanges
  }
  // The same journal twice: sums of two journals.
  _ = try StreamLedger(journals: [folder.path, folder.path])
}

/// Accounts of any numbers, entered as the daemon does, then single words of the file changed.
private func readOpenLedger(_ input: UnsafeRawBufferPointer) throws {
  let folder = ScratchFolder.shared
  folder.empty()
  let slotCount = 2
  var bytes = InputBytes(input)
  do {
    let state = try RunAccountFile(folder: folder.path, slotCount: slotCount)
    for slot in 0..<slotCount {
      let account = account(&bytes)
      for _ in 0..<3 { state.enter(account, in: slot) }
    }
  }
  let path = folder.file("ledger.open")
  let file = try MappedFile(path)
  var content = withExtendedLifetime(file) { Array(file.bytes) }
  var last: UInt64 = 0
  while !bytes.isEmpty, content.count >= 8 {
    let word = Int(bytes.integer(UInt16.self)) % (content.count / 8)
    last = bytes.sequence(near: last)
    withUnsafeBytes(of: last) { value in
      content.replaceSubrange(word * 8..<word * 8 + 8, with: value)
    }
  }
  try content.withUnsafeBytes { _ = try folder.write("ledger.open", $0) }
  for each in try RunAccountFile.accounts(inFolder: folder.path).accounts {
    require(
      each.account.decided.received <= each.account.decided.highest,
      "received at most what was sent")
  }
  _ = try? StreamLedger(journals: [folder.path])
  let state = try RunAccountFile(folder: folder.path, slotCount: slotCount)
  let table = RunLedgerTable()
  _ = table.resume(state.accounts.map { (slot: $0.slot, account: $0.account) })
}

private func account(_ bytes: inout InputBytes) -> DecidedAccount {
  let words = (0..<SequenceTracker.wordCount).map { word in
    word < 10 ? bytes.sequence(near: 0) : 0
  }
  return DecidedAccount(
    run: bytes.integer(), source: bytes.integer(), openedNs: bytes.sequence(near: 0),
    resumeCount: bytes.sequence(near: 0), scored: bytes.sequence(near: 0),
    notFinite: bytes.sequence(near: 0), flagged: bytes.sequence(near: 0),
    unbiased: bytes.sequence(near: 0), decided: SequenceTracker(savedAt: words) ?? SequenceTracker()
  )
}

private func readDecisions(_ input: UnsafeRawBufferPointer) throws {
  let folder = ScratchFolder.shared
  try folder.write("decisions.jsonl", input)
  guard var history = try DecisionHistory(journal: folder.path) else { return }
  for table in history.prescaleTables.values {
    for key: UInt64 in [0, 1, .max] {
      let row = table.row(section: UInt32(clamping: key), timeNs: key)
      _ = table.prescale(row: row, point: table.pointCount - 1)
    }
  }
  for sequence: UInt64 in [1, 2, .max] {
    _ = history.decider(of: EventIdentity(run: 1, source: 1, sequence: sequence, event: sequence))
  }
}
