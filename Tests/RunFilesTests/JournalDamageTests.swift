import DurableFiles
import EventRecords
import Glibc
import RunFiles
import TestSupport
import Testing

/// A journal of which one file is damaged opens, says so, loses nothing that is sound, and gives no
/// number twice.
@Suite struct JournalDamageTests {
  private let temporary = TemporaryFolder()
  private var folder: String { temporary("journal") }
  private static let recordByteCount = 160
  /// Segments of three records, numbers 1 to 11; two of the last.
  private static let lastNumber: UInt64 = 11

  private func open() throws -> FlaggedJournal {
    try FlaggedJournal(
      folder: folder, featureCount: 4, featureNames: ["a", "b", "c", "d"],
      segmentByteCountMax: 3 * Self.recordByteCount)
  }

  private func makeJournal(isFinished: Bool = true) throws {
    let journal = try open()
    for _ in 0..<Self.lastNumber { try append(to: journal) }
    try journal.setPublished(5)
    if isFinished { try journal.finish() } else { try journal.synchronise() }
  }

  private func append(to journal: FlaggedJournal) throws {
    try flaggedBytes(number: journal.nextNumber).withUnsafeBytes { try journal.append($0) }
  }

  private func numbers(_ journal: FlaggedJournal) throws -> [UInt64] {
    var buffer = [UInt8](repeating: 0, count: 100 * Self.recordByteCount)
    let found = try buffer.withUnsafeMutableBytes { try journal.read(from: 1, into: $0) }
    return buffer.withUnsafeBytes { bytes in
      (0..<found).compactMap { index in
        bytes.baseAddress.map {
          FlaggedRecordView($0 + index * Self.recordByteCount, featureCount: 4).number
        }
      }
    }
  }

  /// Opens the damaged journal, twice, writes and ends; checks what must hold whatever was damaged.
  private func reopen(_ name: String, isTold: Bool = true) throws -> [UInt64] {
    let (found, given) = try writeOne(name, isTold: isTold)
    do {
      let again = try open()
      #expect(try numbers(again) == found + [given])
      #expect(again.nextNumber > given)
      try again.finish()
    }
    let inspection = try RunInspection(folder)
    let aside = names(in: folder).filter { $0.contains(".aside-") }
    #expect(aside.allSatisfy { name in inspection.problems.contains { $0.contains(name) } })
    let run = try RecordedRun(folder)
    #expect(aside.allSatisfy { name in run.damage.contains { $0.contains(name) } })
    let reader = JournalReader(folder: folder, featureCount: 4)
    #expect(try reader.look()?.upperBound == given)
    return found
  }

  /// The numbers that were found, and the one that the next record got.
  private func writeOne(_ name: String, isTold: Bool) throws -> (found: [UInt64], given: UInt64) {
    let journal = try open()
    let told = journal.notes + journal.recovery.lines
    #expect(told.contains { $0.contains(name) } == isTold, "\(told)")
    #expect(journal.nextNumber > Self.lastNumber)
    let found = try numbers(journal)
    try append(to: journal)
    let given = journal.lastNumber
    #expect(try numbers(journal) == found + [given])
    try journal.finish()
    return (found, given)
  }

  private static let garbage: [[UInt8]] = [
    [], [0], Array("{".utf8), Array("{}\n".utf8), Array("null".utf8), [0xFF, 0xFE, 0],
    Array(repeating: 0, count: 700), Array(repeating: UInt8(ascii: "["), count: 50_000),
    (0..<700).map { UInt8(truncatingIfNeeded: $0 &* 37) },
    Array(#"{"format": "tamis-run/9"}"#.utf8),
  ]

  @Test(arguments: garbage) func aDamagedManifestIsMadeAnew(content: [UInt8]) throws {
    try makeJournal()
    try writeFile("\(folder)/manifest.json", content)
    #expect(!(try RunInspection(folder).isWhole))
    #expect(try RecordedRun(folder).recordCount == 11)
    #expect(try reopen("manifest.json") == Array(1...11))
    #expect(try contents(of: "\(folder)/manifest.json.aside-1") == content)
    unlink("\(folder)/manifest.json.aside-1")
    #expect(try RunInspection(folder).isWhole)
  }

  /// A manifest that reads well and says what the records do not.
  @Test(arguments: [
    (#""features" : 4"#, #""features" : 9"#), (#""a","#, #""z","#),
    (#""kind" : "flagged""#, #""kind" : "events""#),
  ])
  func aManifestThatTheRecordsContradictIsMadeAnew(text: String, other: String) throws {
    try makeJournal()
    let before = String(decoding: try contents(of: "\(folder)/manifest.json"), as: UTF8.self)
    #expect(before.contains(text))
    let after = before.replacing(text, with: other)
    try writeFile("\(folder)/manifest.json", Array(after.utf8))
    #expect(try reopen("manifest.json") == Array(1...11))
  }

  @Test func aManifestOfAnotherModelIsRefusedStill() throws {
    try makeJournal()
    #expect(throws: FileFault.self) {
      _ = try FlaggedJournal(folder: folder, featureCount: 4, featureNames: ["a", "b", "c", "e"])
    }
    #expect(throws: FileFault.self) { _ = try FlaggedJournal(folder: folder, featureCount: 5) }
    #expect(names(in: folder).allSatisfy { !$0.contains("aside") })
  }

  /// What damage leaves of a segment of records 4 to 6, or of the last, 10 and 11.
  private static let damages:
    [(name: String, change: @Sendable ([UInt8]) -> [UInt8], good: [Int])] =
      [
        ("empty", { _ in [] }, []),
        ("cut within the last", { Array($0.dropLast()) }, [0]),
        ("cut within the first", { Array($0.prefix(100)) }, []),
        ("zeros", { $0.map { _ in 0 } }, []),
        ("longer by a byte", { $0 + [1] }, [0, 1]),
        ("longer by zeros", { $0 + Array(repeating: 0, count: 3 * recordByteCount) }, [0, 1]),
        ("longer by itself", { $0 + $0 }, [0, 1]),
        ("shifted", { [7] + $0 }, []),
        ("first record", { $0.enumerated().map { $0 == 50 ? ~$1 : $1 } }, [1]),
        ("garbage", { $0.indices.map { UInt8(truncatingIfNeeded: $0 &* 89) } }, []),
      ]

  @Test(arguments: damages.indices, [1, 3])
  func whatIsSoundOfADamagedSegmentStays(way: Int, place: Int) throws {
    try makeJournal()
    let damage = Self.damages[way]
    let name = names(in: folder).filter { $0.hasSuffix(".flagged") }[place]
    let whole = try contents(of: "\(folder)/\(name)")
    let count = whole.count / Self.recordByteCount
    try writeFile("\(folder)/\(name)", damage.change(whole))
    let first = UInt64(place * 3 + 1)
    // The damages are told for two records; the third is as the second but where the end is cut.
    var good = damage.good.map { first + UInt64($0) }
    if count == 3, damage.good.contains(1) || damage.name == "cut within the last" {
      good = damage.name == "first record" ? [first + 1, first + 2] : Array(first...first + 2)
      if damage.name == "cut within the last" { good.removeLast() }
    }
    let others = Array(1...Self.lastNumber).filter { $0 < first || $0 >= first + UInt64(count) }
    let isTold = damage.name != "first record"
    #expect(try reopen(name, isTold: isTold) == (others + good).sorted())
    if good.isEmpty {
      #expect(try contents(of: "\(folder)/\(name).aside-1") == damage.change(whole))
    }
  }

  /// A segment that somebody has made longer, without a byte in it, has what it had: nobody reads through
  /// the rest, and all say what was found and expected. Of a terabyte nothing else would come to an end.
  @Test(arguments: [true, false], [1 << 40, 1 << 40 + 7])
  func aSegmentThatWasMadeLongerHasWhatItHad(hasManifest: Bool, byteCount: Int) throws {
    try makeJournal()
    let name = try #require(names(in: folder).first { $0.hasSuffix(".flagged") })
    if !hasManifest { unlink("\(folder)/manifest.json") }
    let wholeCount = 3 * Self.recordByteCount
    try DiskFolder(folder).open(name, .writing).truncate(to: byteCount)
    let run = try RecordedRun(folder)
    #expect(run.recordCount == 11)
    let told = "found \(byteCount) bytes, expected \(wholeCount)"
    #expect(run.damage.contains { $0.contains(name) && $0.contains(told) }, "\(run.damage)")
    let inspection = try RunInspection(folder)
    #expect(inspection.problems.contains { $0.hasPrefix(name) }, "\(inspection.problems)")
    #expect(try reopen(name) == Array(1...Self.lastNumber))
    // The manifest that was made tells the records' size, and so do those who read it.
    let manifest = try #require(try RecordedRun(folder).manifest)
    let listed = try #require(manifest.segments.first { $0.name == name })
    #expect(listed.byteCount == wholeCount && listed.recordCount == 3)
    let records = try #require(
      try DiskFolder(folder).beginning(of: name, byteCountMax: wholeCount))
    #expect(listed.sha256 == records.withUnsafeBytes { SHA256Digest(of: $0) }.description)
    try DiskFolder(folder).open(name, .writing).truncate(to: wholeCount)
    #expect(try RunInspection(folder).isWhole)
  }

  /// The same of an open segment, which a start closes: the hole is cut off.
  @Test func anOpenSegmentThatWasMadeLongerIsCut() throws {
    try makeJournal(isFinished: false)
    let name = try #require(names(in: folder).first { $0.hasSuffix(".writing") })
    try DiskFolder(folder).open(name, .writing).truncate(to: 1 << 40)
    #expect(try RecordedRun(folder).recordCount == 11)
    let journal = try open()
    #expect(try numbers(journal) == Array(1...Self.lastNumber))
    let closed = String(name.dropLast(".writing".count))
    #expect(try DiskFolder(folder).status(of: closed)?.byteCount == 2 * Self.recordByteCount)
  }

  /// A segment that is a hole alone has no record, and is set aside.
  @Test func aSegmentOfAHoleAloneIsSetAside() throws {
    try makeJournal()
    let name = try #require(names(in: folder).first { $0.hasSuffix(".flagged") })
    let file = try DiskFolder(folder).open(name, .writing)
    try file.truncate(to: 0)
    try file.truncate(to: Self.recordByteCount << 30)
    #expect(try RecordedRun(folder).recordCount == 8)
    #expect(try reopen(name) == Array(4...Self.lastNumber))
    #expect(names(in: folder).contains("\(name).aside-1"))
  }

  /// A segment with another one's bytes.
  @Test(arguments: [(0, 3), (3, 0), (1, 2), (2, 1)])
  func numbersThatDoNotFitAreSetAside(from: Int, to: Int) throws {
    try makeJournal()
    let segments = names(in: folder).filter { $0.hasSuffix(".flagged") }
    try writeFile("\(folder)/\(segments[to])", try contents(of: "\(folder)/\(segments[from])"))
    let lost = UInt64(to * 3 + 1)...min(UInt64(to * 3 + 3), Self.lastNumber)
    let journal = try open()
    #expect(journal.notes.contains { $0.contains("which do not go with those of other segments") })
    #expect(try numbers(journal) == (1...Self.lastNumber).filter { !lost.contains($0) })
    #expect(journal.nextNumber > Self.lastNumber)
    #expect(names(in: folder).filter { $0.contains(".aside-") }.count == 1)
  }

  /// A copy of a segment under another name: readers leave it out as a start does, and all say so.
  @Test(
    arguments: [
      ("000001", "000005"), ("000004", "000005"), ("000002", "999999"), ("000003", "1000000"),
      ("000001", "123456789012"),
    ], [true, false])
  func aCopyIsSetAside(names: (from: String, to: String), hasManifest: Bool) throws {
    try makeJournal(isFinished: hasManifest)
    let copy = "\(names.to).flagged"
    let from = "\(folder)/\(names.from).flagged"
    // The last segment is still open where the journal was not closed.
    let isOpen = !hasManifest && names.from == "000004"
    try writeFile("\(folder)/\(copy)", contents(of: isOpen ? from + ".writing" : from))
    let inspection = try RunInspection(folder)
    #expect(inspection.problems.contains { $0.hasPrefix(copy) }, "\(inspection.problems)")
    let run = try RecordedRun(folder)
    #expect(run.damage.contains { $0.contains(": left out: its numbers") }, "\(run.damage)")
    var found: [UInt64] = []
    try run.forEachFlaggedRecord { found.append($0.number) }
    #expect(found == Array(1...11))
    let reader = JournalReader(folder: folder, featureCount: 4)
    #expect(try reader.look() == 1...11)
    try refuseUnfitJournal(folder: folder, featureCount: 4, featureNames: nil)
    #expect(try reopen(copy) == Array(1...11))
  }

  /// Of a copy and the segment that the manifest names, that one stays, wherever the copy stands.
  @Test func theSegmentThatTheManifestNamesStays() throws {
    try makeJournal()
    rename("\(folder)/000003.flagged", "\(folder)/000033.flagged")
    let text = String(decoding: try contents(of: "\(folder)/manifest.json"), as: UTF8.self)
    try writeFile(
      "\(folder)/manifest.json",
      Array(text.replacing("000003.flagged", with: "000033.flagged").utf8))
    rename("\(folder)/000004.flagged", "\(folder)/000034.flagged")
    try writeFile("\(folder)/000003.flagged", contents(of: "\(folder)/000033.flagged"))
    let journal = try open()
    #expect(try numbers(journal) == Array(1...11))
    #expect(Glibc.access("\(folder)/000003.flagged.aside-1", F_OK) == 0)
  }

  @Test func aManifestThatListsNoneOfItsSegmentsIsDamaged() throws {
    try makeJournal()
    let text = String(decoding: try contents(of: "\(folder)/manifest.json"), as: UTF8.self)
    let start = try #require(text.firstRange(of: "\"segments\" : ["))
    let end = try #require(text[start.upperBound...].firstRange(of: "\n  ]"))
    try writeFile(
      "\(folder)/manifest.json", Array((text[..<start.upperBound] + text[end.lowerBound...]).utf8))
    #expect(!(try RunInspection(folder).isWhole))
    #expect(try reopen("manifest.json") == Array(1...11))
    unlink("\(folder)/manifest.json.aside-1")
    // One that is right by itself, and is another journal's.
    let empty = temporary("empty")
    try FlaggedJournal(folder: empty, featureCount: 4).finish()
    try writeFile("\(folder)/manifest.json", contents(of: "\(empty)/manifest.json"))
    #expect(try RunInspection(folder).problems.contains { $0.contains("does not list") })
  }

  /// What the start refuses is refused before: a journal without another number.
  @Test(arguments: [
    [UInt64(1) << 63 - 1, 2], [UInt64(1) << 63, 2], [12, 999_999_999_999],
  ])
  func aJournalWithoutANumberIsRefused(words: [UInt64]) throws {
    try makeJournal()
    // One copy in the form of docs/formats.md: magic, generation, three numbers, checksum.
    let image: [UInt64] = [0x3142_4D55_4E53_4D54, 1, words[0], words[1], 1, 0, 0, 0]
    var bytes = image.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
    }
    let checksum = bytes.withUnsafeBytes { crc32c(UnsafeRawBufferPointer(rebasing: $0[..<60])) }
    for index in 0..<4 { bytes[60 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index)) }
    try writeFile("\(folder)/numbers", bytes + [UInt8](repeating: 0, count: 960))
    let refused = fault {
      try refuseUnfitJournal(folder: folder, featureCount: 4, featureNames: nil)
    }
    #expect(refused != nil && refused == fault { _ = try open() })
    #expect(
      try RunInspection(folder).problems.contains { $0.hasPrefix("no daemon can continue it") })
  }

  @Test func aStraySegmentOfTheLastNumberIsNamed() throws {
    try makeJournal()
    try writeFile("\(folder)/999999999999.flagged", contents(of: "\(folder)/000001.flagged"))
    let refused = fault {
      try refuseUnfitJournal(folder: folder, featureCount: 4, featureNames: nil)
    }
    #expect(refused?.remedy?.contains("move 999999999999.flagged away") == true)
  }

  @Test func anOpenSegmentOfGarbageIsKept() throws {
    try makeJournal(isFinished: false)
    let name = try #require(names(in: folder).first { $0.hasSuffix(".writing") })
    let garbage = (0..<500).map { UInt8(truncatingIfNeeded: $0 &* 53) }
    try writeFile("\(folder)/\(name)", garbage)
    #expect(try reopen(name) == Array(1...9))
    #expect(try contents(of: "\(folder)/\(name).aside-1") == garbage)
  }

  /// Numbers of before there was a file for them are not given again either.
  @Test func aLastSegmentThatCannotBeReadCostsNoNumber() throws {
    try makeJournal()
    unlink("\(folder)/numbers")
    unlink("\(folder)/published")
    let name = try #require(names(in: folder).last { $0.hasSuffix(".flagged") })
    try writeFile("\(folder)/\(name)", Array(repeating: 0, count: 320))
    let journal = try open()
    #expect(journal.nextNumber > Self.lastNumber && journal.openSegmentIndex >= 4)
  }

  @Test(arguments: ["manifest.json", "published", "numbers", "deleted", "000002.flagged", "lock"])
  func aFolderInTheFilesPlaceIsSetAside(name: String) throws {
    try makeJournal()
    unlink("\(folder)/\(name)")
    mkdir("\(folder)/\(name)", 0o755)
    let journal = try open()
    #expect(journal.notes.contains { $0.contains(name) })
    #expect(journal.nextNumber > Self.lastNumber)
    rmdir("\(folder)/\(name).aside-1")
  }

  /// What a start says of the small files, the inspection says before, in its words; and a start without
  /// a word goes with a whole journal. The sizes are those of a half file and of the forms before 2026-11.
  @Test(
    arguments: ["numbers", "published", "deleted", "lock"],
    ["gone", "0", "8", "32", "500", "1023", "1024", "hole", "folder", "link", "loop"])
  func theInspectionSaysWhatTheStartSays(name: String, damage: String) throws {
    try makeJournal()
    do {
      let journal = try open()
      try journal.prepareRetention()
      try journal.finish()
    }
    try #require(try RunInspection(folder).isWhole)
    let path = "\(folder)/\(name)"
    if let size = Int(damage) {
      truncate(path, size)
    } else if damage == "hole" {
      truncate(path, 0)
      truncate(path, 4 << 40)
    } else {
      unlink(path)
      if damage == "folder" { mkdir(path, 0o755) }
      if damage == "link" { symlink("nowhere", path) }
      if damage == "loop" { symlink(name, path) }
    }
    let inspection = try RunInspection(folder)
    let start = try FlaggedJournal(
      store: RehearsedFolder(folder), featureCount: 4, featureNames: ["a", "b", "c", "d"])
    #expect(inspection.problems.isEmpty == start.notes.isEmpty, "\(inspection.problems)")
    for note in start.notes {
      let words = note.split(separator: "; kept as")[0]
      #expect(inspection.problems.contains { $0.contains(words) }, "\(note)")
    }
    let isRegular = !["folder", "link", "loop"].contains(damage)
    // Without the file nothing tells that something was deleted.
    let isUnnoticed =
      damage == "1024" || name == "lock" && isRegular || name == "deleted" && damage == "gone"
    #expect(start.notes.isEmpty == isUnnoticed)
    #expect(start.nextNumber < 1 << 40)
  }

  /// Flagged records of a command have none of a journal's files, and miss none.
  @Test func aRunOfFlaggedRecordsMissesNoFile() throws {
    try makeJournal()
    for name in ["lock", "numbers", "published", "manifest.json"] { unlink("\(folder)/\(name)") }
    #expect(try RunInspection(folder).problems.allSatisfy { !$0.contains("at the next start") })
  }

  /// A first start that was cut short has nothing to publish.
  @Test func anEmptyJournalMissesNoPublishedNumber() throws {
    try open().finish()
    unlink("\(folder)/published")
    #expect(try RunInspection(folder).isWhole)
    #expect(try open().notes.isEmpty)
  }

  /// The small files are read up to what they can hold.
  @Test(arguments: ["manifest.json", "published", "numbers", "deleted"])
  func aFileWithAHoleDoesNotKeepTheJournalFromOpening(name: String) throws {
    try makeJournal()
    #expect(truncate("\(folder)/\(name)", 1 << 40) == 0 || name == "deleted")
    // What --check does: the start, in memory.
    _ = try FlaggedJournal(
      store: RehearsedFolder(folder), featureCount: 4, featureNames: ["a", "b", "c", "d"])
    let journal = try open()
    #expect(journal.notes.contains { $0.contains(name) } == (name == "manifest.json"))
    #expect(journal.nextNumber == Self.lastNumber + 1)
    #expect(try numbers(journal) == Array(1...Self.lastNumber))
    try journal.finish()
    unlink("\(folder)/manifest.json.aside-1")
    #expect(try RunInspection(folder).problems == [])
  }

  /// The file of numbers alone knows what was given to records that are gone: without it nothing does.
  @Test(arguments: [false, true]) func withoutTheFileOfNumbersNoneComesAgain(isFolder: Bool) throws
  {
    try makeJournal(isFinished: false)
    unlink("\(folder)/numbers")
    if isFolder { mkdir("\(folder)/numbers", 0o755) }
    let journal = try open()
    #expect(journal.nextNumber > Self.lastNumber + (1 << 32))
    #expect(journal.notes.contains { $0.contains("numbers: missing") })
    if isFolder { rmdir("\(folder)/numbers.aside-1") }
  }

  @Test func anOpenSegmentThatIsAFolderIsSetAside() throws {
    try makeJournal(isFinished: false)
    let name = try #require(names(in: folder).first { $0.hasSuffix(".writing") })
    unlink("\(folder)/\(name)")
    mkdir("\(folder)/\(name)", 0o755)
    let journal = try open()
    #expect(journal.nextNumber > Self.lastNumber)
    #expect(journal.notes.contains { $0.contains("\(name): found no regular file") })
    rmdir("\(folder)/\(name).aside-1")
  }

  /// A file system without an exclusive rename, and a crash between its two steps.
  @Test func aSegmentUnderBothItsNamesIsOne() throws {
    try makeJournal()
    link("\(folder)/000002.flagged", "\(folder)/000002.flagged.writing")
    link("\(folder)/000003.flagged", "\(folder)/000003.flagged.writing.again")
    try refuseUnfitJournal(folder: folder, featureCount: 4, featureNames: nil)
    let journal = try open()
    #expect(try numbers(journal) == Array(1...11) && journal.notes.isEmpty)
    #expect(!names(in: folder).contains { $0.contains("writing") })
  }

  /// What somebody put beside a segment is set aside, whichever name it has.
  @Test(arguments: ["", ".writing"]) func whatStandsBesideASegmentIsSetAside(suffix: String) throws
  {
    try makeJournal()
    let name = "\(folder)/000002.flagged"
    if suffix.isEmpty { rename(name, "\(name).writing") }
    _ = try [1, 2, 3].withUnsafeBytes {
      try OpenFile(opening: name + suffix, flags: O_CREAT | O_WRONLY).writeAll($0)
    }
    try refuseUnfitJournal(folder: folder, featureCount: 4, featureNames: nil)
    let journal = try open()
    #expect(try numbers(journal) == Array(1...11))
    #expect(journal.notes.contains { $0.contains("000002.flagged\(suffix): found beside") })
    #expect(names(in: folder).contains("000002.flagged\(suffix).aside-1"))
  }

  /// More segments than may be mapped at a time.
  @Test(arguments: [1, 2, 3, 100]) func segmentsAreMappedWhenTheyAreRead(countMax: Int) throws {
    try makeJournal()
    let run = try RecordedRun(folder, mappingCountMax: countMax)
    func mappedCount() throws -> Int {
      let maps = String(decoding: try content("/proc/self/maps"), as: UTF8.self)
      return maps.split(separator: "\n").count { $0.contains(folder) }
    }
    #expect(try mappedCount() <= countMax)
    for round in 0..<3 {
      for index in [10, 0, 5, 3, 9, 1] {
        #expect(try run.flaggedRecord(at: index).number == UInt64(index + 1), "\(round)")
      }
      #expect(try mappedCount() <= countMax)
    }
    var found: [UInt64] = []
    try run.forEachFlaggedRecord { found.append($0.number) }
    #expect(found == Array(1...11))
  }

  private func content(_ path: String) throws -> [UInt8] {
    let file = try OpenFile(opening: path, flags: O_RDONLY)
    var bytes = [UInt8](repeating: 0, count: 1 << 22)
    let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
    return Array(bytes.prefix(count))
  }
}
