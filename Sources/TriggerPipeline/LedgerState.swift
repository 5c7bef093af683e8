package import DurableFiles
package import EventRecords
internal import Glibc
internal import Synchronization

/// What has been decided of a run and source so far: enough to go on after the process has died.
package struct DecidedAccount {
  package var run: UInt32 = 0
  package var source: UInt32 = 0
  /// When the run was begun here, ns since the epoch: tells a run that was begun again from one that
  /// was gone on with.
  package var openedNs: UInt64 = 0
  /// How often another process went on with it.
  package var resumeCount: UInt64 = 0
  package var scored: UInt64 = 0
  package var notFinite: UInt64 = 0
  package var flagged: UInt64 = 0
  package var unbiased: UInt64 = 0
  /// Sequences of records that were decided, control records included.
  package var decided = SequenceLedger()

  package init(
    run: UInt32 = 0, source: UInt32 = 0, openedNs: UInt64 = 0, resumeCount: UInt64 = 0,
    scored: UInt64 = 0, notFinite: UInt64 = 0, flagged: UInt64 = 0, unbiased: UInt64 = 0,
    decided: SequenceLedger = SequenceLedger()
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

/// `ledger.open` beside the journal's segments: the accounts of the runs that are open, in memory
/// that is mapped to the file, so that they outlive the process however it ends.
///
/// An account is entered after its records were journaled. A kill between the two leaves at most one
/// batch that is in the journal and not in the account; it then counts as lost, never the other way
/// round. Each slot has two copies and a selector that is moved last: a kill at any moment leaves one
/// of them whole. The publishing thread alone writes.
package final class LedgerState {
  /// What of an earlier file could not be taken over, in words.
  package private(set) var notes: [String] = []

  private static let magic: UInt64 = 0x314C_5344_454C_4D54  // "TMLEDSL1"
  private static let headerByteCount = 64
  private static let copyWordCount = 8 + SequenceLedger.wordCount
  /// Selector and two copies, padded to a multiple of 64 bytes.
  private static let slotByteCount = (8 * (1 + 2 * copyWordCount) + 63) / 64 * 64

  private let memory: UnsafeMutableRawBufferPointer
  private let slotCount: Int

  /// Opens or makes the file in the journal `folder`, whose lock is held. One of another size or
  /// format is begun anew, with a note.
  package init(folder: String, slotCount: Int) throws(SystemCallError) {
    let path = "\(folder)/ledger.open"
    let byteCount = Self.headerByteCount + slotCount * Self.slotByteCount
    let file = try OpenFile(opening: path, flags: O_CREAT | O_RDWR)
    let found = try file.byteCount()
    if found != byteCount {
      if found > 0 { notes.append("\(path): \(found) bytes, expected \(byteCount); begun anew") }
      try file.truncate(to: 0)
      // Its blocks are taken now: a store to a mapped page cannot report a full disk.
      let code = posix_fallocate(file.descriptor, 0, off_t(byteCount))
      if code != 0 {
        errno = code
        throw SystemCallError("allocate", file: path)
      }
    }
    let address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor, 0)
    guard let address, address != MAP_FAILED else { throw SystemCallError("map", file: path) }
    memory = UnsafeMutableRawBufferPointer(start: address, count: byteCount)
    self.slotCount = slotCount
    let stated = address.load(as: UInt64.self)
    if stated != Self.magic {
      if stated != 0 { notes.append("\(path): not a ledger of this version; begun anew") }
      memory.initializeMemory(as: UInt8.self, repeating: 0)
      address.storeBytes(of: Self.magic, as: UInt64.self)
    }
  }

  deinit { munmap(memory.baseAddress, memory.count) }

  /// The accounts that the journal in `folder` has open, whether its daemon runs or not; none where
  /// there is no such file or it is of another version.
  package static func accounts(
    inFolder folder: String
  ) throws(SystemCallError) -> [DecidedAccount] {
    let path = "\(folder)/ledger.open"
    guard access(path, F_OK) == 0 else { return [] }
    let file = try OpenFile(opening: path, flags: O_RDONLY)
    let byteCount = try file.byteCount()
    let slotCount = (byteCount - headerByteCount) / slotByteCount
    guard slotCount > 0, byteCount == headerByteCount + slotCount * slotByteCount else { return [] }
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
    defer { copy.deallocate() }
    guard try file.read(into: copy, at: 0) == byteCount, let base = copy.baseAddress,
      base.load(as: UInt64.self) == magic
    else { return [] }
    return (0..<slotCount).compactMap { account(at: slot($0, of: base)) }
  }

  /// Enters the account of a slot. Allocates nothing.
  package func enter(_ account: borrowing DecidedAccount, in index: Int) {
    let slot = slot(index)
    let selector = Self.selector(slot)
    let other: UInt64 = selector.pointee.load(ordering: .relaxed) == 1 ? 2 : 1
    let words = Self.copy(Int(other), of: slot)
    words[0] = UInt64(account.run) << 32 | UInt64(account.source)
    (words[1], words[2]) = (account.openedNs, account.resumeCount)
    (words[3], words[4]) = (account.scored, account.notFinite)
    (words[5], words[6]) = (account.flagged, account.unbiased)
    account.decided.save(to: words + 7)
    selector.pointee.store(other, ordering: .releasing)
  }

  /// Takes the account of a slot out: its run is closed, and its ledger written.
  package func clear(_ index: Int) {
    Self.selector(slot(index)).pointee.store(0, ordering: .releasing)
  }

  /// The account of a slot; nil where it is empty or makes no sense.
  package func account(in index: Int) -> DecidedAccount? { Self.account(at: slot(index)) }

  private static func account(at slot: UnsafeMutableRawPointer) -> DecidedAccount? {
    let chosen = selector(slot).pointee.load(ordering: .acquiring)
    guard chosen == 1 || chosen == 2 else { return nil }
    let words = copy(Int(chosen), of: slot)
    guard let decided = SequenceLedger(savedAt: words + 7) else { return nil }
    return DecidedAccount(
      run: UInt32(words[0] >> 32), source: UInt32(truncatingIfNeeded: words[0]),
      openedNs: words[1], resumeCount: words[2], scored: words[3], notFinite: words[4],
      flagged: words[5], unbiased: words[6], decided: decided)
  }

  /// All accounts, with their slots.
  package var accounts: [(slot: Int, account: DecidedAccount)] {
    (0..<slotCount).compactMap { slot in account(in: slot).map { (slot, $0) } }
  }

  private func slot(_ index: Int) -> UnsafeMutableRawPointer {
    guard let base = memory.baseAddress else { preconditionFailure("a mapping has an address") }
    return Self.slot(index, of: base)
  }

  private static func slot(
    _ index: Int, of base: UnsafeMutableRawPointer
  ) -> UnsafeMutableRawPointer {
    base + headerByteCount + index * slotByteCount
  }

  /// 0 for an empty slot, else which copy counts.
  private static func selector(
    _ slot: UnsafeMutableRawPointer
  ) -> UnsafeMutablePointer<Atomic<UInt64>> {
    slot.assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  private static func copy(
    _ copy: Int, of slot: UnsafeMutableRawPointer
  ) -> UnsafeMutablePointer<UInt64> {
    slot.assumingMemoryBound(to: UInt64.self) + 1 + (copy - 1) * copyWordCount
  }
}
