internal import DurableFiles
internal import EventRecords

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

/// The input is the words of one slot of `ledger.open`, as numbers that are often extremes.
private func readOpenLedger(_ input: UnsafeRawBufferPointer) throws {
  let folder = ScratchFolder.shared
  folder.empty()
  let slotCount = 2
  do {
    let state = try LedgerState(folder: folder.path, slotCount: slotCount)
    for slot in 0..<slotCount { state.enter(DecidedAccount(), in: slot) }
  }
  let path = folder.file("ledger.open")
  let file = try MappedFile(path)
  var content = withExtendedLifetime(file) { Array(file.bytes) }
  var bytes = InputBytes(input)
  var last: UInt64 = 0
  while !bytes.isEmpty, content.count >= 8 {
    let word = Int(bytes.integer(UInt16.self)) % (content.count / 8)
    last = bytes.sequence(near: last)
    withUnsafeBytes(of: last) { value in
      content.replaceSubrange(word * 8..<word * 8 + 8, with: value)
    }
  }
  try content.withUnsafeBytes { _ = try folder.write("ledger.open", $0) }
  for account in try LedgerState.accounts(inFolder: folder.path) {
    require(account.decided.received <= account.decided.highest, "received at most what was sent")
  }
  _ = try? StreamLedger(journals: [folder.path])
  let state = try LedgerState(folder: folder.path, slotCount: slotCount)
  let table = RunLedgerTable()
  _ = table.resume(state.accounts)
}

private func readDecisions(_ input: UnsafeRawBufferPointer) throws {
  let folder = ScratchFolder.shared
  try folder.write("decisions.jsonl", input)
  guard var history = try DecisionHistory(journal: folder.path) else { return }
  _ = history.isUniform
  for sequence: UInt64 in [1, 2, .max] {
    _ = history.decider(of: EventIdentity(run: 1, source: 1, sequence: sequence, event: sequence))
  }
}
