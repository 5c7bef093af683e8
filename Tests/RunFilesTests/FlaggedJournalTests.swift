import DurableFiles
import EventRecords
import Glibc
import RunFiles
import StrictJSON
import TestSupport
import Testing

@Suite struct FlaggedJournalTests {
  let temporary = TemporaryFolder()
  var folder: String { temporary("journal") }

  private func open(segmentByteCountMax: Int = 1 << 30) throws -> FlaggedJournal {
    try FlaggedJournal(folder: folder, featureCount: 4, segmentByteCountMax: segmentByteCountMax)
  }

  /// Appends `count` records with the next numbers.
  private func append(_ count: Int, to journal: FlaggedJournal) throws {
    let first = journal.nextNumber
    let bytes = (0..<UInt64(count)).flatMap { flaggedBytes(number: first + $0) }
    try bytes.withUnsafeBytes { try journal.append($0) }
  }

  /// The numbers that `read` gives, at most `count`.
  private func numbers(
    _ journal: FlaggedJournal, from number: UInt64, count: Int = 100
  ) throws -> [UInt64] {
    var buffer = [UInt8](repeating: 0, count: count * 160)
    let found = try buffer.withUnsafeMutableBytes { try journal.read(from: number, into: $0) }
    return try buffer.withUnsafeBytes { bytes in
      let base = try #require(bytes.baseAddress)
      return (0..<found).map { FlaggedRecordView(base + $0 * 160, featureCount: 4).number }
    }
  }

  @Test func aNewJournalIsEmpty() throws {
    let journal = try open()
    #expect(journal.lastNumber == 0 && journal.publishedNumber == 0 && journal.nextNumber == 1)
    #expect(try numbers(journal, from: 1) == [])
    try journal.finish()
    #expect(names(in: folder) == ["lock", "manifest.json", "numbers", "published"])
  }

  @Test func recordsAreInTheFileWhenAppendReturns() throws {
    let journal = try open()
    try append(3, to: journal)
    let expected = (1...3).flatMap { flaggedBytes(number: $0) }
    #expect(try contents(of: "\(folder)/000001.flagged.writing") == expected)
    #expect(journal.lastNumber == 3 && journal.nextNumber == 4)
  }

  /// A file or a folder that is not the journal's keeps it from none of its own.
  @Test func aNameThatIsTakenIsLeftOut() throws {
    let journal = try open()
    #expect(mkdir("\(folder)/000001.flagged.writing", 0o700) == 0)
    _ = try OpenFile(opening: "\(folder)/000002.flagged.writing", flags: O_CREAT | O_WRONLY)
    for _ in 1...2 {
      let error = #expect(throws: SystemCallError.self) { try append(3, to: journal) }
      #expect(error?.code == EEXIST)
    }
    try append(3, to: journal)
    #expect(try numbers(journal, from: 1) == [1, 2, 3])
    #expect(try contents(of: "\(folder)/000003.flagged.writing").count == 3 * 160)
    try journal.finish()
  }

  /// What is sent again is counted in good records: a power failure may leave holes in a segment.
  @Test(arguments: [[], [95...98], [80...90, 92...99], [1...100]] as [[ClosedRange<Int>]])
  func damagedRecordsDoNotCountAsSentAgain(holes: [ClosedRange<Int>]) throws {
    do {
      let journal = try open(segmentByteCountMax: 30 * 160)
      for _ in 0..<100 { try append(1, to: journal) }
      try journal.finish()
    }
    let damaged = Set(holes.flatMap { $0 })
    for segment in 0..<4 {
      let path = "\(folder)/00000\(segment + 1).flagged"
      var content = try contents(of: path)
      for number in segment * 30 + 1...min(100, segment * 30 + 30) where damaged.contains(number) {
        content[(number - segment * 30 - 1) * 160 + 100] ^= 1
      }
      try writeFile(path, content)
    }
    let again = try open()
    let good = (1...100).filter { !damaged.contains($0) }
    for count in [1, 5, 10, 60, 100] {
      let found = try again.number(beforeGood: UInt64(count), upTo: 100)
      let sent = good.filter { $0 > Int(found.number) }.count
      #expect(sent >= min(count, good.count), "\(count): after \(found.number)")
      #expect(found.number == again.number(before: UInt64(count) + found.damagedCount, upTo: 100))
    }
    #expect(again.unreadableRecordCount == 0)
  }

  /// Leaves as a killed process does, again and again.
  @Test func numbersGoOnOverCrashes() throws {
    var expected: [UInt64] = []
    for round in 1...5 {
      let journal = try open()
      #expect(journal.recovery.segments.count == (round > 1 ? 1 : 0))
      #expect(journal.lastNumber == expected.last ?? 0)
      // What was reserved may have been given.
      let first = UInt64(round - 1) * 65_536 + 1
      #expect(journal.nextNumber == first)
      #expect(journal.notes.count == (round > 1 ? 1 : 0))
      try append(round, to: journal)
      expected += first..<first + UInt64(round)
    }
    expected += 327_681...327_684
    let journal = try open(segmentByteCountMax: 320)
    try append(2, to: journal)
    try append(2, to: journal)
    #expect(try numbers(journal, from: 1) == expected)
    #expect(try numbers(journal, from: 3, count: 5) == Array(expected[1..<6]))
    #expect(try numbers(journal, from: 327_684) == [327_684])
    #expect(try numbers(journal, from: 327_685) == [])
    for (index, number) in expected.enumerated() {
      #expect(journal.recordCount(after: number) == UInt64(expected.count - index - 1))
      #expect(journal.recordCount(after: number - 1) == UInt64(expected.count - index))
    }
    let manifest = try journal.finish(extras: ["ledger": .object(["lost": .integer(0)])])
    #expect(manifest.recordCount == 19 && manifest.segments.count == 7)
    #expect(manifest.firstNumber == 1 && manifest.lastNumber == 327_684)
    #expect(manifest.counts == ["above_threshold": 19, "unbiased": 0, "not_scorable": 0])
    let inspection = try RunInspection(folder)
    #expect(inspection.isWhole, "\(inspection.problems)")
  }

  @Test func aTornRecordIsCutAndItsNumberNotUsedAgain() throws {
    do { try append(3, to: try open()) }
    for length in [1, 63, 64, 159] {
      let name = names(in: folder).last { $0.hasSuffix(".flagged.writing") } ?? ""
      let path = "\(folder)/\(name)"
      let before = try contents(of: path)
      try writeFile(path, before + flaggedBytes(number: 77)[..<length])
      let journal = try open()
      #expect(journal.recovery.segments.map(\.cutByteCount) == [length])
      try append(1, to: journal)
    }
    let journal = try open()
    #expect(try numbers(journal, from: 1) == [1, 2, 3] + (1...4).map { UInt64($0) * 65_536 + 1 })
  }

  @Test func aFirstSegmentMayBeTornAnywhere() throws {
    let whole = flaggedBytes(number: 1) + flaggedBytes(number: 2)
    for length in [0, 1, 64, 127, 128, 159, 160, 161, 224, 288, 319, 320] {
      let temporary = TemporaryFolder()
      let folder = temporary("j")
      _ = try RunWriter(folder: folder, kind: .flagged, featureCount: 4)
      try writeFile("\(folder)/000001.flagged.writing", Array(whole[..<length]))
      let journal = try FlaggedJournal(folder: folder, featureCount: 4)
      #expect(journal.lastNumber == UInt64(length / 160))
    }
  }

  @Test func whatWasPublishedIsKnownAfterACrash() throws {
    do {
      let journal = try open()
      try append(5, to: journal)
      try journal.setPublished(3)
      #expect(journal.publishedNumber == 3)
    }
    let journal = try open()
    #expect(journal.publishedNumber == 3)
    #expect(try numbers(journal, from: journal.publishedNumber + 1) == [4, 5])
    try journal.setPublished(5)
    try journal.synchronise()
    try journal.finish()
    #expect(try RunInspection(folder).lines.contains("published up to number 5"))
  }

  /// The cursor may be ahead where a power failure took records: no number is used twice.
  @Test func numbersGoOnBehindTheCursor() throws {
    do { try append(2, to: try open()) }
    try writeFile("\(folder)/published", littleEndian(UInt64(9)))
    let journal = try open()
    #expect(journal.publishedNumber == 9 && journal.nextNumber == 65_537)
    try append(2, to: journal)
    #expect(try numbers(journal, from: 1) == [1, 2, 65_537, 65_538])
    #expect(try numbers(journal, from: 5) == [65_537, 65_538])
  }

  @Test func twoDaemonsCannotShareAJournal() throws {
    let journal = try open()
    let refused = fault { _ = try open() }
    #expect(refused?.found == "a lock held by process \(getpid())")
    withExtendedLifetime(journal) {}
  }

  @Test func aJournalOfAnotherModelIsRefused() throws {
    let names = ["a", "b", "c", "d"]
    do {
      let journal = try FlaggedJournal(folder: folder, featureCount: 4, featureNames: names)
      try append(1, to: journal)
      try journal.finish()
    }
    let wrongCount = fault { _ = try FlaggedJournal(folder: folder, featureCount: 5) }
    #expect(wrongCount?.found == "a journal of 4 features")
    let wrongNames = fault {
      _ = try FlaggedJournal(folder: folder, featureCount: 4, featureNames: ["a", "b", "x", "d"])
    }
    #expect(wrongNames?.found == "\"c\"" && wrongNames?.expected.hasPrefix("\"x\"") == true)
    try writeRun(temporary("run"), someEvents(1))
    #expect(
      fault { _ = try FlaggedJournal(folder: temporary("run"), featureCount: 4) }?.found
        == "a recorded run")
  }

  @Test func theManifestGoesOnOverCleanRestarts() throws {
    for round in 1...3 {
      let journal = try open()
      try append(4, to: journal)
      let manifest = try journal.finish()
      #expect(manifest.segments.count == round && manifest.recordCount == 4 * round)
      #expect(manifest.sources.map(\.recordCount) == [UInt64(4 * round)])
      let inspection = try RunInspection(folder)
      #expect(inspection.isWhole, "\(inspection.problems)")
    }
    // An archived segment leaves the manifest at the next close.
    unlink("\(folder)/000001.flagged")
    #expect(try RecordedRun(folder).notes.contains { $0.contains("000001.flagged") })
    let journal = try open()
    #expect(journal.nextNumber == 13)
    #expect(try numbers(journal, from: 1).first == 5)
    let manifest = try journal.finish()
    #expect(manifest.recordCount == 8 && manifest.firstNumber == 5)
    #expect(try RunInspection(folder).isWhole)
  }

  @Test func aBrokenRecordIsLeftOutWhenReadBack() throws {
    do {
      let journal = try open()
      try append(4, to: journal)
      try journal.finish()
    }
    var bytes = try contents(of: "\(folder)/000001.flagged")
    bytes[160 + 90] ^= 4
    try writeFile("\(folder)/000001.flagged", bytes)
    let journal = try open()
    #expect(try numbers(journal, from: 1) == [1, 3, 4])
    #expect(journal.unreadableRecordCount == 1)
  }

  /// A full output has the same records read again and again.
  @Test func recordsThatAreLeftOutAreCountedOnce() throws {
    let journal = try open(segmentByteCountMax: 480)
    for _ in 0..<12 { try append(1, to: journal) }
    try journal.synchronise()
    #expect(truncate("\(folder)/000001.flagged", 160) == 0)
    var bytes = try contents(of: "\(folder)/000002.flagged")
    bytes[90] ^= 4
    try writeFile("\(folder)/000002.flagged", bytes)
    let kept: [UInt64] = [1, 5, 6, 7, 8, 9, 10, 11, 12]
    for from: UInt64 in [2, 1, 3, 1, 12, 1] {
      #expect(try numbers(journal, from: from) == kept.filter { $0 >= from })
      #expect(journal.unreadableRecordCount == 3)
    }
  }

  /// A file size limit stands for a full disk: it, too, lets a part of a write through. It holds
  /// for a whole process, hence one of its own.
  @Test func whatDoesNotFitIsTakenBackAndCanBeTriedAgain() async {
    await #expect(processExitsWith: .success) { try FlaggedJournalTests().fillTheDisk() }
  }

  private func fillTheDisk() throws {
    let journal = try open()
    try append(1_000, to: journal)
    signal(SIGXFSZ, SIG_IGN)
    try withFileSizeLimit(1_003 * 160 + 50) {
      #expect(throws: SystemCallError.self) { try append(10, to: journal) }
      #expect(journal.lastNumber == 1_000)
      let written = try contents(of: "\(folder)/000001.flagged.writing")
      #expect(written.count == 1_000 * 160)
      // What fits still goes in.
      try append(3, to: journal)
      #expect(throws: SystemCallError.self) { try append(1, to: journal) }
    }
    try append(10, to: journal)
    #expect(journal.lastNumber == 1_013)
    #expect(try numbers(journal, from: 1_000) == Array(1_000...1_013))
    #expect(try journal.finish().recordCount == 1_013)
    #expect(try RunInspection(folder).isWhole)
  }

  private func withFileSizeLimit(_ byteCount: Int, _ body: () throws -> Void) throws {
    let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
    var old = rlimit()
    getrlimit(resource, &old)
    var new = old
    new.rlim_cur = rlim_t(byteCount)
    #expect(setrlimit(resource, &new) == 0)
    defer { setrlimit(resource, &old) }
    try body()
  }
}
