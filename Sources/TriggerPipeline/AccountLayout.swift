internal import BoundedNumbers
internal import EventRecords
internal import NumberText

/// The words of a slot in `ledger.open`: three copies, each of generation, whether there is an
/// account, the account, and a checksum. The file begins with 64 bytes, of which the first 8 name
/// the layout.
struct AccountLayout: Equatable {
  static let headerByteCount = 64
  static let copyCount = 3
  /// "TMLEDSL3".
  static let current = AccountLayout(magic: 0x334C_5344_454C_4D54, decidedWord: 32)
  /// Of before 2026-11-27: without `expected`, what was given up and what was refused. "TMLEDSL2".
  static let earlier = AccountLayout(magic: 0x324C_5344_454C_4D54, decidedWord: 9)

  let magic: UInt64
  /// Where the sequences begin that were decided.
  let decidedWord: Int
  var checksumWord: Int { decidedWord + SequenceTracker.wordCount }
  var copyByteCount: Int { 8 * (checksumWord + 1) }
  var slotByteCount: Int { Self.copyCount * copyByteCount }
  private var hasLosses: Bool { decidedWord > Self.earlier.decidedWord }

  private static let expectedWord = 9
  /// By reason, see `AbandonedCounts`.
  private static let abandonedWord = 10
  private static let refusedWord = abandonedWord + AbandonedCounts.wordCount
  /// The highest sequence of a batch that is being journaled; 0 in other accounts. The last of the
  /// words for refused records, which no reason uses.
  private static let announcedWord = current.decidedWord - 1
  private static let reasons = RecordRejection.allCases

  private init(magic: UInt64, decidedWord: Int) {
    self.magic = magic
    self.decidedWord = decidedWord
  }

  /// The layout of a whole file; nil where it has none that is known, or is cut.
  static func of(_ file: UnsafeRawBufferPointer) -> AccountLayout? {
    guard file.count > headerByteCount else { return nil }
    let magic = file.loadUnaligned(as: UInt64.self)
    guard let layout = [current, earlier].first(where: { $0.magic == magic }),
      (file.count - headerByteCount) % layout.slotByteCount == 0
    else { return nil }
    return layout
  }

  /// Whether a file begins as one of a known layout, cut or not.
  static func isMarked(_ file: UnsafeRawBufferPointer) -> Bool {
    file.count >= 8
      && [current, earlier].contains { $0.magic == file.loadUnaligned(as: UInt64.self) }
  }

  /// The accounts of a whole file, and the number of its slots that make no sense. `isHeld`: its
  /// daemon runs, and continues with the batches that it has announced.
  func accounts(
    _ file: UnsafeRawBufferPointer, isHeld: Bool = false
  ) -> (accounts: [OpenAccount], damagedCount: Int) {
    var accounts: [OpenAccount] = []
    var damagedCount = 0
    for slot in 0..<(file.count - Self.headerByteCount) / slotByteCount {
      let start = Self.headerByteCount + slot * slotByteCount
      let copies = (0..<Self.copyCount).map { copy in
        UnsafeRawBufferPointer(
          rebasing: file[(start + copy * copyByteCount)...].prefix(copyByteCount))
      }
      if let newest = copies.filter(isWhole).max(by: { Self.generation($0) < Self.generation($1) })
      {
        if let account = account(newest, slot: slot, isHeld: isHeld) { accounts.append(account) }
      } else if copies.contains(where: { $0.contains { $0 != 0 } }) {
        damagedCount += 1
      }
    }
    return (accounts, damagedCount)
  }

  /// The damage of the file `path`, which its daemon makes of `slotCount` slots; nil for a sound one. A
  /// file with fewer slots was cut, since it is made under another name with all of them.
  static func damage(_ file: UnsafeRawBufferPointer, path: String, slotCount: Int) -> String? {
    guard let layout = of(file) else {
      let orMore = file.count < RunAccountFile.readByteCountMax ? "" : " or more"
      let found =
        file.isEmpty ? "an empty file" : "\(counted(file.count, "byte"))\(orMore) of another form"
      return
        "\(path): found \(found), expected the accounts of open runs; which runs were open is not known"
    }
    let count = (file.count - headerByteCount) / layout.slotByteCount
    if count < slotCount {
      return
        "\(path): found \(counted(count, "account")), expected \(slotCount): the file was cut, and "
        + "which runs were open in the others is not known"
    }
    let damagedCount = layout.accounts(file).damagedCount
    return damagedCount > 0 ? damageNote(path, count: damagedCount) : nil
  }

  static func damageNote(_ path: String, count: Int) -> String {
    "\(path): damaged: \(counted(count, "account")) of open runs cannot be read; those runs begin anew, "
      + "and what was decided of them counts as missing"
  }

  func checksum(_ copy: UnsafeRawBufferPointer) -> UInt64 {
    UInt64(crc32c(UnsafeRawBufferPointer(rebasing: copy[..<(8 * checksumWord)])))
  }

  /// A copy that was never written is none.
  func isWhole(_ copy: UnsafeRawBufferPointer) -> Bool {
    let stored = copy.loadUnaligned(fromByteOffset: 8 * checksumWord, as: UInt64.self)
    return 1..<UInt64.max >> 1 ~= Self.generation(copy) && stored == checksum(copy)
  }

  static func generation(_ copy: UnsafeRawBufferPointer) -> UInt64 {
    copy.loadUnaligned(as: UInt64.self)
  }

  /// Writes all but generation, presence and checksum. Allocates nothing.
  func save(
    _ account: borrowing DecidedAccount, refused: [RefusedCount],
    to words: UnsafeMutablePointer<UInt64>
  ) {
    words[2] = runKey(run: account.run, source: account.source)
    (words[3], words[4]) = (account.openedNs, account.resumeCount)
    (words[5], words[6]) = (account.scored, account.notFinite)
    (words[7], words[8]) = (account.flagged, account.unbiased)
    words[Self.expectedWord] = account.expected
    account.abandoned.save(to: words + Self.abandonedWord)
    for index in Self.refusedWord..<decidedWord { words[index] = 0 }
    for each in refused {
      guard let index = Self.reasons.firstIndex(of: each.reason) else { continue }
      words[Self.refusedWord + index] = each.count
    }
    account.decided.save(to: words + decidedWord)
  }

  /// Enters in the words of a whole copy that a batch of this run up to its highest decided
  /// sequence is about to be journaled. Where the copy is of another run, or of none, it becomes
  /// this one's, with nothing decided. Allocates nothing.
  func announce(_ account: borrowing DecidedAccount, in words: UnsafeMutablePointer<UInt64>) {
    let key = runKey(run: account.run, source: account.source)
    let openedNs = account.openedNs
    if words[1] != 1 || words[2] != key || words[3] != openedNs {
      let begun = DecidedAccount(
        run: account.run, source: account.source, openedNs: openedNs)
      save(begun, refused: [], to: words)
      words[1] = 1
    }
    words[4] = account.resumeCount
    words[Self.announcedWord] = account.decided.highest
  }

  /// The account in a whole copy; nil where it is empty or makes no sense. Of a batch that was
  /// announced and not entered it says that it is missing, unless its daemon runs (`isHeld`).
  func account(
    _ copy: UnsafeRawBufferPointer, slot: Int, isHeld: Bool = false
  ) -> OpenAccount? {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: checksumWord + 1) { words in
      UnsafeMutableRawBufferPointer(words).copyMemory(from: copy)
      guard words[1] == 1, let base = words.baseAddress,
        let decided = SequenceTracker(savedAt: base + decidedWord)
      else { return nil }
      var account = DecidedAccount(
        run: UInt32(words[2] >> 32), source: UInt32(truncatingIfNeeded: words[2]),
        openedNs: words[3], resumeCount: words[4], scored: words[5], notFinite: words[6],
        flagged: words[7], unbiased: words[8], decided: decided)
      guard hasLosses else { return OpenAccount(slot: slot, account: account, refused: []) }
      account.expected = max(
        words[Self.expectedWord], isHeld ? 0 : words[Self.announcedWord])
      account.abandoned = AbandonedCounts(savedAt: base + Self.abandonedWord)
      let refused = Self.reasons.enumerated().map { index, reason in
        RefusedCount(reason: reason, count: words[Self.refusedWord + index])
      }
      return OpenAccount(slot: slot, account: account, refused: refused.filter { $0.count > 0 })
    }
  }
}
