package import DurableFiles
internal import EventRecords
internal import Glibc
internal import NumberText
internal import RunFiles
internal import Synchronization

/// The content of a slot of the file.
package struct OpenAccount {
  /// Its number.
  package var slot: Int
  /// The account.
  package var account: DecidedAccount
  /// Records refused that no line of the ledger tells yet.
  package var refused: [RefusedCount]
}

/// `ledger.open` beside the journal's segments: the accounts of the open runs, in a file that is
/// mapped into memory. They outlive the process however it ends.
///
/// An account is entered after its records were journaled, and before that the batch is announced.
/// A kill between the two leaves at most one batch that is in the journal and not in the account;
/// it then counts as missing, never the other way round. Each slot has three copies with checksums:
/// one is written, one is the last whole one, one the last that is known to be on the disk. A
/// kill therefore loses nothing. A power failure may tear any page, and loses the entries since the
/// last synchronisation. The publishing thread writes; another may synchronise.
package final class RunAccountFile {
  /// Notes on accounts of an earlier file that could not be read.
  package private(set) var notes: [String] = []

  package static let fileName = FlaggedJournal.accountsName
  private static let copyCount = AccountLayout.copyCount
  private static let layout = AccountLayout.current
  private static let copyByteCount = layout.copyByteCount
  private static let slotByteCount = layout.slotByteCount
  /// More than a file of any form has, so that a larger one is told from a whole one.
  static let readByteCountMax = 4 << 20

  /// The state of the copies of a slot.
  private struct Slot {
    var newest = 0
    var generation: UInt64 = 0
    /// For each copy, how many synchronisations had begun when it was written.
    var stamps = InlineArray<3, Int>(repeating: 0)
  }

  /// The counts that the synchronising thread shares.
  private final class Synchronisations: Sendable {
    let begun = Atomic<Int>(0)
    let done = Atomic<Int>(0)
    /// Whether one has failed: the entries must then be written again before the next.
    let hasFailed = Atomic<Bool>(false)
  }

  private let region: any StoredRegion
  private let path: String
  private let synchronisations = Synchronisations()
  private var slots: [Slot]
  private let scratch: UnsafeMutableRawBufferPointer

  /// Opens or makes the file in the journal `folder`, whose lock is held.
  package convenience init(folder: String, slotCount: Int) throws(SystemCallError) {
    try self.init(store: DiskFolder(folder), slotCount: slotCount)
  }

  /// Opens or makes the file in `store`. The accounts of an earlier form are taken over. What
  /// cannot be read is set aside and begun anew, with a note.
  package init(store: any FolderStore, slotCount: Int) throws(SystemCallError) {
    let byteCount = AccountLayout.headerByteCount + slotCount * Self.slotByteCount
    let takenOver = try Self.makeFile(store, byteCount: byteCount, slotCount: slotCount, &notes)
    region = try store.open(Self.fileName, .writing).region(byteCount: byteCount)
    path = store.path(of: Self.fileName)
    scratch = .allocate(byteCount: Self.copyByteCount, alignment: 8)
    scratch.initializeMemory(as: UInt8.self, repeating: 0)
    slots = [Slot](repeating: Slot(), count: slotCount)
    var damagedCount = 0
    for index in slots.indices {
      guard let (copy, generation) = newestCopy(of: index) else {
        if !isBlank(index) { damagedCount += 1 }
        continue
      }
      slots[index].newest = copy
      slots[index].generation = generation
    }
    if damagedCount > 0 {
      notes.append(AccountLayout.damageNote(store.path(of: Self.fileName), count: damagedCount))
    }
    for each in takenOver { enter(each.account, in: each.slot) }
    // Bytes that the system has in memory may have failed to reach the disk in the process before.
    // Until the newest copies are on the disk, no other copy may be overwritten.
    writeAgain()
    try region.synchronise()
    synchronisations.begun.store(1, ordering: .relaxed)
    synchronisations.done.store(1, ordering: .relaxed)
  }

  /// Puts a new file in the place of none, of one of an earlier form, and of one that is damaged.
  /// Returns the accounts to be taken over.
  private static func makeFile(
    _ store: any FolderStore, byteCount: Int, slotCount: Int, _ notes: inout [String]
  ) throws(SystemCallError) -> [OpenAccount] {
    notes += try store.setAsideIrregular([fileName])
    guard let content = try store.beginning(of: fileName, byteCountMax: readByteCountMax) else {
      try begin(store, byteCount: byteCount)
      return []
    }
    let found = content.withUnsafeBytes { AccountLayout.of($0) }
    if found == layout, content.count == byteCount { return [] }
    let path = store.path(of: fileName)
    let accounts = content.withUnsafeBytes { found?.accounts($0).accounts ?? [] }
      .filter { $0.slot < slotCount }
    let aside = try store.setAside(fileName)
    try begin(store, byteCount: byteCount)
    let damage = content.withUnsafeBytes {
      AccountLayout.damage($0, path: path, slotCount: found == layout ? slotCount : 0)
    }
    notes.append(
      damage.map { "\($0), and begin anew; the file is kept as \(aside)" }
        ?? "\(path): of an earlier version; its \(accounts.count) open runs continue, and it is "
        + "kept as \(aside)")
    return accounts
  }

  deinit { scratch.deallocate() }

  /// Makes the file under another name, with all its blocks, and renames it: a full disk leaves the
  /// old file or none.
  private static func begin(
    _ store: any FolderStore, byteCount: Int
  ) throws(SystemCallError) {
    try store.replace(fileName) { (file) throws(SystemCallError) in
      try file.allocate(byteCount: byteCount)
      try file.write(withUnsafeBytes(of: layout.magic) { Array($0) }, at: 0)
    }
  }

  /// The accounts that the journal in `folder` has open, whether its daemon runs or not, and what
  /// cannot be read; none where there is no such file.
  package static func accounts(
    inFolder folder: String
  ) throws(SystemCallError) -> (accounts: [OpenAccount], notes: [String]) {
    let store = DiskFolder(folder)
    let path = store.path(of: fileName)
    let found: [UInt8]?
    do throws(SystemCallError) {
      found = try store.beginning(of: fileName, byteCountMax: readByteCountMax)
    } catch {
      guard error.isNoRegularFile else { throw error }
      return ([], ["\(error); the runs that are open cannot be told"])
    }
    guard let content = found else {
      // A link to nothing opens as a file that is missing does.
      let isThere = try store.status(of: fileName) != nil
      return (
        [], isThere ? ["\(path): found no regular file; the runs that are open cannot be told"] : []
      )
    }
    // Looked for after the file was read: a daemon that has just been killed does not go on.
    let isHeld = journalHolder(folder: folder) != nil
    let (accounts, damage) = content.withUnsafeBytes {
      Self.accounts(in: $0, path: path, isHeld: isHeld)
    }
    return (accounts, [damage].compactMap(\.self))
  }

  /// The accounts in the bytes of such a file, and what is wrong with it; `path` names it.
  /// `isHeld`: its daemon runs, and is about to enter the batches that it has announced.
  package static func accounts(
    in bytes: UnsafeRawBufferPointer, path: String, isHeld: Bool = false
  ) -> (accounts: [OpenAccount], damage: String?) {
    (
      AccountLayout.of(bytes)?.accounts(bytes, isHeld: isHeld).accounts ?? [],
      AccountLayout.damage(bytes, path: path, slotCount: RunLedgerTable.entryCount)
    )
  }

  /// Whether bytes begin as such a file does, cut or not.
  package static func isMarked(_ bytes: UnsafeRawBufferPointer) -> Bool {
    AccountLayout.isMarked(bytes)
  }

  /// One line for each file of accounts in `store` that was set aside as damaged: runs that were
  /// open then may be in no ledger. A file that was set aside for its earlier form is no fault.
  package static func damageSetAside(in store: any FolderStore) throws(SystemCallError) -> [String]
  {
    var notes: [String] = []
    for name in try store.names() where name.hasPrefix(fileName + asideSuffix) {
      let path = store.path(of: name)
      guard let status = try store.status(of: name), status.isRegular,
        let content = try store.beginning(of: name, byteCountMax: readByteCountMax)
      else {
        notes.append(
          "\(path): set aside, and no file; runs that were open then may be in no ledger")
        continue
      }
      let damage = content.withUnsafeBytes {
        AccountLayout.damage($0, path: path, slotCount: RunLedgerTable.entryCount)
      }
      if let damage { notes.append(damage) }
    }
    return notes
  }

  /// Enters the account of a slot, with the records refused of its run that no line tells yet.
  /// Allocates nothing.
  package func enter(
    _ account: borrowing DecidedAccount, refused: [RefusedCount] = [], in index: Int
  ) {
    let words = scratch.bindMemory(to: UInt64.self)
    guard let base = words.baseAddress else { return }
    words[1] = 1
    Self.layout.save(account, refused: refused, to: base)
    put(index)
  }

  /// Notes that the batch which this account has is about to be journaled; `enter` follows. A kill
  /// between the two leaves the earlier entry, and counts all other records up to the highest
  /// sequence of the batch as missing. Allocates nothing.
  package func announce(_ account: borrowing DecidedAccount, in index: Int) {
    guard let base = scratch.bindMemory(to: UInt64.self).baseAddress else { return }
    region.read(into: scratch, at: Self.offset(index, slots[index].newest))
    Self.layout.announce(account, in: base)
    put(index)
  }

  /// Removes the account of a slot, whose run is closed and whose line in the ledger is on the
  /// disk.
  package func clear(_ index: Int) {
    scratch.bindMemory(to: UInt64.self)[1] = 0
    put(index)
  }

  /// Writes the scratch copy over the copy that is neither the last whole one nor the last on the
  /// disk.
  private func put(_ index: Int) {
    var slot = slots[index]
    let done = synchronisations.done.load(ordering: .acquiring)
    var copy = (slot.newest + 1) % Self.copyCount
    // Where the newest copy is not on the disk, one of the others may be the last that is.
    if slot.stamps[slot.newest] >= done {
      let other = (slot.newest + 2) % Self.copyCount
      if slot.stamps[copy] < done,
        slot.stamps[other] >= done || slot.stamps[copy] > slot.stamps[other]
      {
        copy = other
      }
    }
    slot.generation += 1
    slot.newest = copy
    slot.stamps[copy] = synchronisations.begun.load(ordering: .acquiring)
    let words = scratch.bindMemory(to: UInt64.self)
    words[0] = slot.generation
    words[Self.layout.checksumWord] = Self.layout.checksum(UnsafeRawBufferPointer(scratch))
    region.write(UnsafeRawBufferPointer(scratch), at: Self.offset(index, copy))
    slots[index] = slot
  }

  /// After a failed synchronisation writes everything again, so that the next one can be believed.
  /// For the thread that enters; cheap otherwise.
  package func service() {
    guard synchronisations.hasFailed.load(ordering: .acquiring) else { return }
    writeAgain()
    synchronisations.hasFailed.store(false, ordering: .releasing)
  }

  private func writeAgain() {
    let content = UnsafeMutableRawBufferPointer.allocate(
      byteCount: region.byteCount, alignment: 8)
    defer { content.deallocate() }
    region.read(into: content, at: 0)
    region.write(UnsafeRawBufferPointer(content), at: 0)
  }

  /// Returns when the earlier entries are on the disk; for another thread. After a failure it fails
  /// until `service` has run.
  package var synchronise: @Sendable () throws -> Void {
    { [region, synchronisations, path] in
      if synchronisations.hasFailed.load(ordering: .acquiring) {
        throw SystemCallError("msync", file: path, code: EIO)
      }
      let begun = synchronisations.begun.add(1, ordering: .acquiringAndReleasing).newValue
      do {
        try region.synchronise()
      } catch {
        synchronisations.hasFailed.store(true, ordering: .releasing)
        throw error
      }
      synchronisations.done.store(begun, ordering: .releasing)
    }
  }

  /// How many synchronisations had begun when the last one that succeeded began. It grows with each
  /// that brings entries to the disk.
  package var synchronisedCount: Int { synchronisations.done.load(ordering: .acquiring) }

  /// The open account of a slot; nil where it is empty or makes no sense.
  private func open(in index: Int) -> OpenAccount? {
    guard let (copy, _) = newestCopy(of: index) else { return nil }
    return withCopy(index, copy) { Self.layout.account($0, slot: index) }
  }

  /// All accounts.
  package var accounts: [OpenAccount] { slots.indices.compactMap { open(in: $0) } }

  private func newestCopy(of index: Int) -> (copy: Int, generation: UInt64)? {
    (0..<Self.copyCount).compactMap { copy in
      withCopy(index, copy) { bytes in
        Self.layout.isWhole(bytes) ? (copy, AccountLayout.generation(bytes)) : nil
      }
    }.max { $0.1 < $1.1 }
  }

  /// Whether nothing was ever entered.
  private func isBlank(_ index: Int) -> Bool {
    (0..<Self.copyCount).allSatisfy { copy in
      withCopy(index, copy) { bytes in bytes.allSatisfy { $0 == 0 } }
    }
  }

  private func withCopy<Result>(
    _ index: Int, _ copy: Int, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    withUnsafeTemporaryAllocation(byteCount: Self.copyByteCount, alignment: 8) { buffer in
      region.read(into: buffer, at: Self.offset(index, copy))
      return body(UnsafeRawBufferPointer(buffer))
    }
  }

  private static func offset(_ index: Int, _ copy: Int) -> Int {
    AccountLayout.headerByteCount + index * slotByteCount + copy * copyByteCount
  }
}
