import DurableFiles
import EventRecords
import Foundation
import Offline
import RunFiles
import Testing
import TriggerPipeline

@Suite struct RunAccountFileTests {
  private final class Folder {
    let path = FileManager.default.temporaryDirectory.appending(
      path: "tamis-ledger-\(UUID().uuidString)"
    ).path
    init() throws {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  private static func account(run: UInt32, through last: UInt64, openedNs: UInt64) -> DecidedAccount
  {
    var account = DecidedAccount(run: run, source: 9, openedNs: openedNs, scored: last - 1)
    for sequence in 1...last { _ = account.decided.note(sequence) }
    return account
  }

  @Test func accountsAreThereForTheNextProcess() throws {
    let folder = try Folder()
    do {
      let state = try RunAccountFile(folder: folder.path, slotCount: 8)
      #expect(state.notes.isEmpty && state.accounts.isEmpty)
      state.enter(Self.account(run: 3, through: 10, openedNs: 5), in: 2)
      state.enter(Self.account(run: 4, through: 20, openedNs: 6), in: 7)
      state.enter(Self.account(run: 4, through: 21, openedNs: 6), in: 7)
      state.enter(Self.account(run: 5, through: 1, openedNs: 7), in: 0)
      state.clear(0)
    }
    let state = try RunAccountFile(folder: folder.path, slotCount: 8)
    #expect(state.accounts.map(\.slot) == [2, 7])
    let account = try #require(state.accounts.last?.account)
    #expect(account.run == 4 && account.source == 9 && account.openedNs == 6)
    #expect(account.decided.received == 21 && account.decided.lost == 0 && account.scored == 20)
    #expect(
      try RunAccountFile.accounts(inFolder: folder.path).accounts.map(\.account.run) == [3, 4])
  }

  @Test(arguments: [0, 7, 640, 100_000])
  func aFileOfAnotherKindIsBegunAnewWithANote(byteCount: Int) throws {
    let folder = try Folder()
    let path = "\(folder.path)/ledger.open"
    try Data(repeating: 0x5A, count: byteCount).write(to: URL(fileURLWithPath: path))
    let state = try RunAccountFile(folder: folder.path, slotCount: 8)
    #expect(state.notes.count == 1)
    #expect(state.accounts.isEmpty)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: "\(path).aside-1"))
        == Data(repeating: 0x5A, count: byteCount))
  }

  /// What is told of a run besides what was decided outlives the process, too.
  @Test func whatWasGivenUpAndRefusedIsThereForTheNextProcess() throws {
    let folder = try Folder()
    var account = Self.account(run: 3, through: 10, openedNs: 5)
    account.flagged = 4
    account.expected = 15
    account.abandon([.aboveThreshold, .unbiased])
    account.abandon(.notScorable)
    account.abandon(.unbiased)
    account.abandon([])
    let refused = [
      RefusedCount(reason: .checksum, count: 7), RefusedCount(reason: .repeated, count: 2),
    ]
    do {
      let state = try RunAccountFile(folder: folder.path, slotCount: RunLedgerTable.entryCount)
      state.enter(account, refused: refused, in: 1)
    }
    let found = try #require(
      try RunAccountFile(folder: folder.path, slotCount: RunLedgerTable.entryCount).accounts.first)
    #expect(found.slot == 1 && found.refused == refused)
    #expect(found.account.expected == 15 && found.account.flagged == 3)
    #expect(found.account.abandoned == account.abandoned && account.abandoned.total == 4)
    let merged = try StreamLedger(journals: [folder.path])
    let stream = try #require(merged.accounts.first)
    #expect(stream.expected == 15 && stream.decided == 10 && stream.missing == 5)
    #expect(stream.abandoned.aboveThreshold == 1 && stream.abandoned.unflagged == 1)
    #expect(stream.refused == refused && stream.isOpen)
    // The journal has no ledger.jsonl, which is told.
    #expect(merged.notes.count == 1 && merged.notes[0].contains("ledger.jsonl"))
  }

  /// A kill while a batch is journaled leaves its run in the ledger, and the batch as missing. While a
  /// daemon holds the journal it is about to enter the batch.
  @Test(arguments: [0, 1, 10] as [UInt64], [1, 7] as [UInt64])
  func aBatchThatWasAnnouncedIsMissingAfterAKill(decided: UInt64, further: UInt64) throws {
    let folder = try Folder()
    try Data().write(to: URL(fileURLWithPath: "\(folder.path)/ledger.jsonl"))
    // The announcement has a word behind those of all reasons.
    let refused = RecordRejection.allCases.enumerated().map {
      RefusedCount(reason: $1, count: UInt64($0 + 1))
    }
    do {
      let state = try RunAccountFile(folder: folder.path, slotCount: RunLedgerTable.entryCount)
      var account = DecidedAccount(run: 3, source: 9, openedNs: 5)
      account.decided.note(1, count: decided)
      if decided > 0 { state.enter(account, refused: refused, in: 1) }
      account.decided.note(decided + 1, count: further)
      state.announce(account, in: 1)
    }
    for isHeld in [true, false] {
      var lock: AnyObject?
      if isHeld { lock = try DiskFolder(folder.path).lock(FlaggedJournal.lockName) }
      try withExtendedLifetime(lock) {
        let stream = try #require(try StreamLedger(journals: [folder.path]).accounts.first)
        #expect(stream.run == 3 && stream.source == 9 && stream.decided == decided)
        #expect(stream.missing == (isHeld ? 0 : further) && stream.isOpen)
        #expect(stream.refused == (decided > 0 ? refused : []))
      }
    }
    let state = try RunAccountFile(folder: folder.path, slotCount: RunLedgerTable.entryCount)
    let found = try #require(state.accounts.first)
    #expect(found.slot == 1 && found.account.expected == decided + further)
    let table = RunLedgerTable()
    #expect(table.resume([(slot: 1, account: found.account)]) == [])
    // What was entered is announced no more.
    state.enter(Self.account(run: 3, through: decided + further, openedNs: 5), in: 1)
    let entered = try #require(try StreamLedger(journals: [folder.path]).accounts.first)
    #expect(entered.missing == 0 && entered.decided == decided + further)
  }

  /// The slot of a run that was closed belongs to the next one from its first announcement on.
  @Test func anAnnouncementTakesNothingFromTheRunBefore() throws {
    let folder = try Folder()
    let state = try RunAccountFile(folder: folder.path, slotCount: RunLedgerTable.entryCount)
    state.enter(Self.account(run: 3, through: 10, openedNs: 5), in: 0)
    state.clear(0)
    for (run, openedNs) in [(3, 6), (4, 6), (4, 7)] as [(UInt32, UInt64)] {
      var account = DecidedAccount(run: run, source: 9, openedNs: openedNs, resumeCount: 2)
      account.scored = 5
      _ = account.decided.note(1)
      account.decided.note(2, count: .max - 2)
      state.announce(account, in: 0)
      let found = try #require(state.accounts.first?.account)
      #expect(found.run == run && found.openedNs == openedNs && found.resumeCount == 2)
      #expect(found.decided.received == 0 && found.scored == 0 && found.expected == .max - 1)
    }
  }

  /// A file that was cut, while the daemon ran or not: the ledger does not say that it is complete, not
  /// after the next start either.
  @Test(arguments: [0, 1, 63, 64, 65, 500, 100_000, 400_000])
  func aFileThatWasCutIsTold(byteCount: Int) throws {
    let folder = try Folder()
    let path = "\(folder.path)/ledger.open"
    do {
      let state = try RunAccountFile(
        folder: folder.path, slotCount: RunLedgerTable.entryCount)
      for slot in [0, 200] {
        state.enter(Self.account(run: UInt32(slot), through: 10, openedNs: 5), in: slot)
      }
    }
    try Data("".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/ledger.jsonl"))
    #expect(try StreamLedger(journals: [folder.path]).notes.isEmpty)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(whole.count > byteCount)
    try whole.prefix(byteCount).write(to: URL(fileURLWithPath: path))
    #expect(try StreamLedger(journals: [folder.path]).notes.count == 1)
    let state = try RunAccountFile(folder: folder.path, slotCount: RunLedgerTable.entryCount)
    #expect(state.notes.count == 1 && !state.notes[0].contains("earlier version"))
    let notes = try StreamLedger(journals: [folder.path]).notes
    #expect(notes.count == 1 && notes[0].contains("ledger.open.aside-1"))
  }

  /// A file in the earlier form: its open runs continue, and the file is kept.
  @Test func anEarlierFormIsTakenOver() throws {
    let folder = try Folder()
    let path = "\(folder.path)/ledger.open"
    let account = Self.account(run: 3, through: 10, openedNs: 5)
    let bytes = earlierForm(of: account, slotCount: 4, slot: 2)
    try bytes.write(to: URL(fileURLWithPath: path))
    #expect(try RunAccountFile.accounts(inFolder: folder.path).accounts.map(\.slot) == [2])
    let state = try RunAccountFile(folder: folder.path, slotCount: 8)
    #expect(state.accounts.map(\.account.decided.received) == [10])
    #expect(state.notes.count == 1 && state.notes[0].contains("of an earlier version; its 1 open"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: "\(path).aside-1")) == bytes)
    #expect(try RunAccountFile(folder: folder.path, slotCount: 8).notes.isEmpty)
  }

  private func earlierForm(of account: DecidedAccount, slotCount: Int, slot: Int) -> Data {
    let wordCount = 9 + SequenceTracker.wordCount + 1
    var copy = [UInt64](repeating: 0, count: wordCount)
    (copy[0], copy[1]) = (1, 1)
    copy[2] = UInt64(account.run) << 32 | UInt64(account.source)
    copy[3] = account.openedNs
    copy[5] = account.scored
    copy.withUnsafeMutableBufferPointer { words in
      if let base = words.baseAddress { account.decided.save(to: base + 9) }
    }
    copy[wordCount - 1] = copy.withUnsafeBytes {
      UInt64(crc32c(UnsafeRawBufferPointer(rebasing: $0[..<(8 * (wordCount - 1))])))
    }
    var words = [UInt64](repeating: 0, count: 8 + slotCount * 3 * wordCount)
    words[0] = 0x324C_5344_454C_4D54
    let start = 8 + slot * 3 * wordCount
    words.replaceSubrange(start..<start + wordCount, with: copy)
    return words.withUnsafeBytes { Data($0) }
  }

  /// Damage of all copies of a slot is told.
  @Test func aSlotThatMakesNoSenseIsTold() throws {
    let folder = try Folder()
    do {
      let state = try RunAccountFile(folder: folder.path, slotCount: 2)
      state.enter(Self.account(run: 3, through: 10, openedNs: 5), in: 1)
    }
    let url = URL(fileURLWithPath: "\(folder.path)/ledger.open")
    var bytes = try Data(contentsOf: url)
    for index in 64 + (bytes.count - 64) / 2..<bytes.count { bytes[index] = 0xA5 }
    try bytes.write(to: url)
    let found = try RunAccountFile.accounts(inFolder: folder.path)
    #expect(found.accounts.isEmpty && found.notes.count == 1)
    #expect(try RunAccountFile(folder: folder.path, slotCount: 2).notes.count == 1)
  }

  /// A file that was made longer than memory is none of such accounts, and is set aside.
  @Test func aFileWithAHoleIsReadUpToWhatItCanHold() throws {
    let folder = try Folder()
    do {
      let state = try RunAccountFile(folder: folder.path, slotCount: 2)
      state.enter(Self.account(run: 3, through: 10, openedNs: 5), in: 1)
    }
    let handle = try FileHandle(
      forWritingTo: URL(fileURLWithPath: "\(folder.path)/ledger.open"))
    try handle.truncate(atOffset: 1 << 40)
    try handle.close()
    let found = try RunAccountFile.accounts(inFolder: folder.path)
    #expect(found.accounts.isEmpty && found.notes.count == 1)
    #expect(found.notes.first?.contains("found 4194304 bytes or more of another form") == true)
    let state = try RunAccountFile(folder: folder.path, slotCount: 2)
    #expect(state.accounts.isEmpty && state.notes.count == 1)
    #expect(FileManager.default.fileExists(atPath: "\(folder.path)/ledger.open.aside-1"))
  }

  /// A torn copy is none, and the one before it counts.
  @Test func aTornCopyLeavesTheOneBefore() throws {
    let folder = try Folder()
    let url = URL(fileURLWithPath: "\(folder.path)/ledger.open")
    for through in 1...6 {
      let state = try RunAccountFile(folder: folder.path, slotCount: 1)
      state.enter(Self.account(run: 3, through: UInt64(through), openedNs: 5), in: 0)
    }
    let whole = try Data(contentsOf: url)
    for index in stride(from: 64, to: whole.count, by: 97) {
      var bytes = whole
      bytes[index] ^= 0x10
      try bytes.write(to: url)
      let found = try RunAccountFile.accounts(inFolder: folder.path).accounts
      #expect(found.count == 1 && 5...6 ~= found.first?.account.decided.received ?? 0)
    }
    // A run that was closed stays so.
    try whole.write(to: url)
    do { try RunAccountFile(folder: folder.path, slotCount: 1).clear(0) }
    #expect(try RunAccountFile.accounts(inFolder: folder.path).accounts.isEmpty)
  }

  /// Whatever bytes a slot holds, it is an account or nothing; never a trap.
  @Test func arbitraryBytesAreNoAccountOrASoundOne() throws {
    let folder = try Folder()
    do { _ = try RunAccountFile(folder: folder.path, slotCount: 4) }
    let url = URL(fileURLWithPath: "\(folder.path)/ledger.open")
    var generator = SystemRandomNumberGenerator.seeded(11)
    for _ in 0..<200 {
      var bytes = try Data(contentsOf: url)
      for index in 64..<bytes.count where generator.next() % 3 == 0 {
        bytes[index] = UInt8(truncatingIfNeeded: generator.next() % 4)
      }
      try bytes.write(to: url)
      for each in try RunAccountFile.accounts(inFolder: folder.path).accounts {
        #expect(each.account.decided.received <= each.account.decided.highest)
      }
    }
  }

  @Test func aRestartedTableGoesOnWithTheRun() {
    let table = RunLedgerTable()
    #expect(
      table.resume([(slot: 3, account: Self.account(run: 8, through: 10, openedNs: 1))]) == [])
    #expect(place(.event, run: 8, sequence: 15, in: table) == .accepted(entry: 3, closedEntry: nil))
    #expect(table.sources[1].lost.value == 4)
    #expect(place(.event, run: 8, sequence: 9, in: table) == .refused(.repeated))
    #expect(place(.event, run: 8, sequence: 12, in: table) == .accepted(entry: 3, closedEntry: nil))
  }

  @Test(arguments: [
    (RecordKind.beginOfRun, UInt32(8), UInt64(1)), (.event, 8, 1), (.event, 7, 5), (.event, 9, 1),
  ])
  func aRunThatIsBegunAgainAfterARestartIsANewTake(kind: RecordKind, run: UInt32, sequence: UInt64)
  {
    let table = RunLedgerTable()
    _ = table.resume([(slot: 3, account: Self.account(run: 8, through: 10, openedNs: 1))])
    #expect(
      place(kind, run: run, sequence: sequence, in: table)
        == .accepted(entry: 0, closedEntry: run == 8 ? 3 : nil))
    #expect(table.sources[1].lost.value == sequence - 1)
  }

  @Test func severalRunsOfASourceAreGoneOnWith() {
    let table = RunLedgerTable()
    let passed = table.resume([
      (slot: 1, account: Self.account(run: 8, through: 10, openedNs: 1)),
      (slot: 0, account: Self.account(run: 9, through: 5, openedNs: 2)),
      (slot: 5, account: Self.account(run: 9, through: 4, openedNs: 1)),
    ])
    // Of two takes of a run the earlier one is closed.
    #expect(passed == [5])
    #expect(place(.event, run: 9, sequence: 6, in: table) == .accepted(entry: 0, closedEntry: nil))
    #expect(place(.event, run: 8, sequence: 11, in: table) == .accepted(entry: 1, closedEntry: nil))
  }

  /// A damaged file may state any count.
  @Test func absurdAccountsAreGoneOnWith() {
    let table = RunLedgerTable()
    var decided = SequenceTracker()
    for sequence in [UInt64.max - 1, 1] { _ = decided.note(sequence) }
    let account = DecidedAccount(
      run: .max, source: 9, openedNs: .max, resumeCount: .max, scored: .max, notFinite: .max,
      flagged: .max, unbiased: .max, decided: decided)
    #expect(table.resume([(slot: 3, account: account)]) == [])
    for sequence in [UInt64.max, 2, .max, 0] {
      _ = place(.event, run: .max, sequence: sequence, in: table)
    }
    _ = place(.endOfRun, run: .max, sequence: 3, in: table)
    #expect(place(.event, run: .max, sequence: 4, in: table) == .refused(.runEnded))
  }

  private func place(
    _ kind: RecordKind, run: UInt32, sequence: UInt64, in table: RunLedgerTable
  ) -> RunLedgerTable.Placement {
    let header = EventHeader(kind: kind, source: 9, run: run, featureCount: 1, sequence: sequence)
    return withUnsafeTemporaryAllocation(byteCount: 68, alignment: 64) { bytes in
      guard let base = bytes.baseAddress else { return .refused(.truncated) }
      EventRecord.encode(header, features: nil, into: base)
      return table.place(EventRecordView(base), isEvent: kind == .event)
    }
  }
}

/// Numbers that are the same in every run of the tests.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 11
  }
}

extension SystemRandomNumberGenerator {
  fileprivate static func seeded(_ seed: UInt64) -> SeededGenerator { SeededGenerator(state: seed) }
}
