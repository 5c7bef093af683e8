package import DurableFiles
package import EventRecords
internal import Synchronization

/// The decided records of a run and source so far. It is all that resuming the run after the end of
/// the process needs.
package struct DecidedAccount {
  package var run: UInt32 = 0
  package var source: UInt32 = 0
  /// When the run was begun here, ns since the epoch: tells a run that was begun again from one
  /// that was resumed.
  package var openedNs: UInt64 = 0
  /// How often another process has resumed it.
  package var resumeCount: UInt64 = 0
  package var scored: UInt64 = 0
  package var notFinite: UInt64 = 0
  package var flagged: UInt64 = 0
  package var unbiased: UInt64 = 0
  /// Sequences of records that were decided, control records included.
  package var decided = SequenceTracker()

  package init(
    run: UInt32 = 0, source: UInt32 = 0, openedNs: UInt64 = 0, resumeCount: UInt64 = 0,
    scored: UInt64 = 0, notFinite: UInt64 = 0, flagged: UInt64 = 0, unbiased: UInt64 = 0,
    decided: SequenceTracker = SequenceTracker()
  ) {
    self.run = run
    self.source = source
    self.openedNs = openedNs
    self.resumeCount = resumeCount
    self.scored = scored
    self.notFinite = notFinite
    self.flagged = flagged
    self.unbiased = unbiased
    self.decided = decided
  }
}

/// `ledger.open` beside the journal's segments: the accounts of the open runs, in a file that is
/// mapped into memory. They outlive the process however it ends.
///
/// An account is entered after its records were journaled. A kill between the two leaves at most
/// one batch that is in the journal and not in the account; it then counts as lost, never the other
/// way round. Each slot has three copies with checksums: one is written, one is the last that was
/// whole, one the last that is known to be on the disk. A kill therefore loses nothing. A power
/// failure may tear any page, and loses the entries since the last synchronisation. The publishing
/// thread writes; another may synchronise.
package final class RunAccountFile {
  /// Notes on accounts of an earlier file that could not be read.
  package private(set) var notes: [String] = []

  private static let fileName = "ledger.open"
  private static let magic: UInt64 = 0x324C_5344_454C_4D54  // "TMLEDSL2"
  private static let headerByteCount = 64
  private static let copyCount = 3
  /// Generation, whether there is an account, the account, checksum.
  private static let accountWord = 2
  private static let decidedWord = accountWord + 7
  private static let checksumWord = decidedWord + SequenceTracker.wordCount
  private static let copyByteCount = 8 * (checksumWord + 1)
  private static let slotByteCount = copyCount * copyByteCount

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
  }

  private let region: any StoredRegion
  private let synchronisations = Synchronisations()
  private var slots: [Slot]
  private let scratch: UnsafeMutableRawBufferPointer

  /// Opens or makes the file in the journal `folder`, whose lock is held.
  package convenience init(folder: String, slotCount: Int) throws(SystemCallError) {
    try self.init(store: DiskFolder(folder), slotCount: slotCount)
  }

  /// Opens or makes the file in `store`. A file of another size or format is replaced by an empty
  /// one, with a note.
  package init(store: any FolderStore, slotCount: Int) throws(SystemCallError) {
    let byteCount = Self.headerByteCount + slotCount * Self.slotByteCount
    let path = store.path(of: Self.fileName)
    if let status = try store.status(of: Self.fileName) {
      if status.byteCount != byteCount {
        if status.byteCount > 0 {
          notes.append("\(path): \(status.byteCount) bytes, expected \(byteCount); begun anew")
        }
        try Self.begin(store, byteCount: byteCount)
      }
    } else {
      try Self.begin(store, byteCount: byteCount)
    }
    var file = try store.open(Self.fileName, .writing)
    if try Self.magic(of: file) != Self.magic {
      notes.append("\(path): not a ledger of this version; begun anew")
      try Self.begin(store, byteCount: byteCount)
      file = try store.open(Self.fileName, .writing)
    }
    region = try file.region(byteCount: byteCount)
    scratch = .allocate(byteCount: Self.copyByteCount, alignment: 8)
    scratch.initializeMemory(as: UInt8.self, repeating: 0)
    slots = [Slot](repeating: Slot(), count: slotCount)
    for index in slots.indices {
      guard let (copy, generation) = newestCopy(of: index) else { continue }
      slots[index].newest = copy
      slots[index].generation = generation
    }
  }

  deinit { scratch.deallocate() }

  /// Makes the file under another name, with all its blocks, and renames it: a full disk leaves the
  /// old file or none.
  private static func begin(
    _ store: any FolderStore, byteCount: Int
  ) throws(SystemCallError) {
    let temporary = fileName + ".new"
    do throws(SystemCallError) {
      let file = try store.open(temporary, .creating)
      try file.truncate(to: 0)
      try file.allocate(byteCount: byteCount)
      let magic: InlineArray<1, UInt64> = [Self.magic]
      try magic.span.withUnsafeBytes { (bytes) throws(SystemCallError) in
        try file.write(bytes, at: 0)
      }
      try file.synchronise()
      try store.rename(temporary, to: fileName, replacing: true)
    } catch {
      try? store.remove(temporary)
      throw error
    }
    try store.synchronise()
  }

  private static func magic(of file: any StoredFile) throws(SystemCallError) -> UInt64 {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
    defer { bytes.deallocate() }
    return try file.read(into: bytes, at: 0) == 8 ? bytes.load(as: UInt64.self) : 0
  }

  /// The open accounts of the journal in `folder`, whether its daemon runs or not. Empty where
  /// there is no such file, and where it is of another version.
  package static func accounts(
    inFolder folder: String
  ) throws(SystemCallError) -> [DecidedAccount] {
    let content = try DiskFolder(folder).content(of: fileName) ?? []
    return content.withUnsafeBytes { bytes in
      let slotCount = (bytes.count - headerByteCount) / slotByteCount
      guard slotCount > 0, bytes.count == headerByteCount + slotCount * slotByteCount,
        bytes.loadUnaligned(as: UInt64.self) == magic
      else { return [] }
      return (0..<slotCount).compactMap { index in
        let copies = (0..<copyCount).map { copy in
          let start = headerByteCount + index * slotByteCount + copy * copyByteCount
          return UnsafeRawBufferPointer(rebasing: bytes[start..<start + copyByteCount])
        }
        return copies.filter(isWhole).max { generation($0) < generation($1) }.flatMap(account)
      }
    }
  }

  /// Enters the account of a slot. Allocates nothing.
  package func enter(_ account: borrowing DecidedAccount, in index: Int) {
    let words = scratch.bindMemory(to: UInt64.self)
    guard let base = words.baseAddress else { return }
    words[1] = 1
    words[2] = UInt64(account.run) << 32 | UInt64(account.source)
    (words[3], words[4]) = (account.openedNs, account.resumeCount)
    (words[5], words[6]) = (account.scored, account.notFinite)
    (words[7], words[8]) = (account.flagged, account.unbiased)
    account.decided.save(to: base + Self.decidedWord)
    put(index)
  }

  /// Removes the account of a slot, whose run is closed and whose ledger is written.
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
    words[Self.checksumWord] = Self.checksum(UnsafeRawBufferPointer(scratch))
    region.write(UnsafeRawBufferPointer(scratch), at: Self.offset(index, copy))
    slots[index] = slot
  }

  /// Returns when what was entered before is on the disk; for another thread.
  package var synchronise: @Sendable () throws -> Void {
    { [region, synchronisations] in
      let begun = synchronisations.begun.add(1, ordering: .acquiringAndReleasing).newValue
      try region.synchronise()
      synchronisations.done.store(begun, ordering: .releasing)
    }
  }

  /// The account of a slot; nil where it is empty or makes no sense.
  package func account(in index: Int) -> DecidedAccount? {
    guard let (copy, _) = newestCopy(of: index) else { return nil }
    return withCopy(index, copy) { Self.account($0) }
  }

  /// All accounts, with their slots.
  package var accounts: [(slot: Int, account: DecidedAccount)] {
    slots.indices.compactMap { slot in account(in: slot).map { (slot, $0) } }
  }

  private func newestCopy(of index: Int) -> (copy: Int, generation: UInt64)? {
    (0..<Self.copyCount).compactMap { copy in
      withCopy(index, copy) { Self.isWhole($0) ? (copy, Self.generation($0)) : nil }
    }.max { $0.1 < $1.1 }
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
    headerByteCount + index * slotByteCount + copy * copyByteCount
  }

  private static func checksum(_ copy: UnsafeRawBufferPointer) -> UInt64 {
    UInt64(crc32c(UnsafeRawBufferPointer(rebasing: copy[..<(8 * checksumWord)])))
  }

  /// A copy that was never written is none.
  private static func isWhole(_ copy: UnsafeRawBufferPointer) -> Bool {
    let stored = copy.loadUnaligned(fromByteOffset: 8 * checksumWord, as: UInt64.self)
    return 1..<UInt64.max >> 1 ~= generation(copy) && stored == checksum(copy)
  }

  private static func generation(_ copy: UnsafeRawBufferPointer) -> UInt64 {
    copy.loadUnaligned(as: UInt64.self)
  }

  private static func account(_ copy: UnsafeRawBufferPointer) -> DecidedAccount? {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: checksumWord + 1) { words in
      UnsafeMutableRawBufferPointer(words).copyMemory(from: copy)
      guard words[1] == 1, let base = words.baseAddress,
        let decided = SequenceTracker(savedAt: base + decidedWord)
      else { return nil }
      return DecidedAccount(
        run: UInt32(words[2] >> 32), source: UInt32(truncatingIfNeeded: words[2]),
        openedNs: words[3], resumeCount: words[4], scored: words[5], notFinite: words[6],
        flagged: words[7], unbiased: words[8], decided: decided)
    }
  }
}
