internal import DurableFiles
internal import Offline
internal import TriggerPipeline

@testable internal import EventRecords
@testable internal import RunFiles

/// Arrays, runs and journals.
let folderTargets = [
  FuzzTarget(name: "array", body: readArray),
  FuzzTarget(name: "manifest", body: readManifest),
  FuzzTarget(name: "run", body: readRun),
  FuzzTarget(name: "journal", body: openJournal),
]

private func readArray(_ input: UnsafeRawBufferPointer) throws {
  let path = try ScratchFolder.shared.write("array.npy", input)
  _ = try RunInspection.recognises(path)
  let array = try NumpyArray(path)
  let floats = array.floats()
  require(floats.count == array.doubles().count, "one element each")
  _ = try EventSource(paths: [path])
  _ = try RunInspection(path)
}

private func readManifest(_ input: UnsafeRawBufferPointer) throws {
  let folder = ScratchFolder.shared
  try folder.write("manifest.json", input)
  _ = try RunManifest.read(inFolder: folder.path)
}

private let journalNames = [
  "manifest.json", "000001.flagged", "000002.flagged", "000003.flagged.writing",
  "999999.flagged.writing", "published", "deleted", "numbers", "ledger.jsonl", "ledger.open",
  "decisions.jsonl", "18446744073709551615.flagged", "000000.flagged", "000001.flagged.writing",
]
private let runNames = [
  "manifest.json", "000001.events", "000002.events", "000003.events.writing",
  "999999.events.writing", "9223372036854775807.events",
]

/// Writes the files that the input describes: which name, what to make of its records, the length,
/// the bytes. Records are of D = 1.
private func writeFolder(_ input: UnsafeRawBufferPointer, _ names: [String]) throws {
  let folder = ScratchFolder.shared
  folder.empty()
  var bytes = InputBytes(input)
  while !bytes.isEmpty {
    let name = names[Int(bytes.byte()) % names.count]
    let repair = bytes.byte()
    var content = bytes.take(Int(bytes.integer(UInt16.self)))
    if repair & 1 == 1, name.contains(".events") { sealEvents(&content, featureCount: 1) }
    if repair & 1 == 1, name.contains(".flagged") { sealFlagged(&content, featureCount: 1) }
    try content.withUnsafeBytes { _ = try folder.write(name, $0) }
  }
}

private func readRun(_ input: UnsafeRawBufferPointer) throws {
  try writeFolder(input, runNames)
  let path = ScratchFolder.shared.path
  _ = try? RunInspection(path).lines
  do {
    let run = try RecordedRun(path)
    try run.forEachRecord { _ = $0.features.count }
    _ = try EventSource(paths: [path])
  } catch {
    require(!"\(error)".isEmpty, "an error says what is wrong")
  }
  _ = try recoverRun(path, featureCount: 1)
  let inspection = try RunInspection(path)
  _ = (inspection.lines, inspection.json)
}

/// Reads the folder as every reader does, then opens it as the daemon does, and goes on.
private func openJournal(_ input: UnsafeRawBufferPointer) throws {
  try writeFolder(input, journalNames)
  let path = ScratchFolder.shared.path
  readJournal(path)
  do {
    let journal = try FlaggedJournal(folder: path, featureCount: 1)
    require(journal.nextNumber > journal.lastNumber, "numbers are never used again")
    try append(to: journal)
    _ = journal.chooseForDeletion(oneByte, missingByteCount: .max, nowS: 1 << 40)
    try journal.setPublished(journal.lastNumber)
    try journal.synchronise()
    try journal.endSegment()
    try append(to: journal)
    _ = try journal.finish()
  }
  readJournal(path)
}

private let oneByte: JournalLimits = {
  var limits = JournalLimits()
  limits.byteCountMax = 1
  limits.ageMaxS = 1
  return limits
}()

private func append(to journal: FlaggedJournal) throws {
  var record = [UInt8](repeating: 0, count: FlaggedRecord.byteCount(featureCount: 1))
  record.withUnsafeMutableBytes {
    $0.storeBytes(of: journal.nextNumber, toByteOffset: 16, as: UInt64.self)
  }
  sealFlagged(&record, featureCount: 1)
  try record.withUnsafeBytes { try journal.append($0) }
}

private func readJournal(_ path: String) {
  func trying(_ read: () throws -> Void) {
    do { try read() } catch { require(!"\(error)".isEmpty, "an error says what is wrong") }
  }
  trying {
    let inspection = try RunInspection(path)
    _ = (inspection.lines, inspection.json)
  }
  trying { try RecordedRun(path).forEachFlaggedRecord { _ = $0.event.sequence } }
  trying { _ = try EventSource(paths: [path]) }
  trying { _ = try StreamLedger(journals: [path]) }
  trying { _ = try DecisionHistory(journal: path) }
  trying {
    let reader = JournalReader(folder: path, featureCount: 1)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1_000, alignment: 8)
    defer { buffer.deallocate() }
    for number: UInt64 in [1, 5, .max - 1, .max] {
      let answer = try reader.read(from: number, through: .max, into: buffer)
      require(answer.nextNumber >= number, "an answer goes on")
    }
    _ = try reader.look()
  }
}
