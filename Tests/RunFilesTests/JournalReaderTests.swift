import EventRecords
import Glibc
import RunFiles
import Synchronization
import TestSupport
import Testing

@Suite struct JournalReaderTests {
  let temporary = TemporaryFolder()
  var folder: String { temporary("journal") }

  private func open(segmentByteCountMax: Int = 480) throws -> FlaggedJournal {
    try FlaggedJournal(folder: folder, featureCount: 4, segmentByteCountMax: segmentByteCountMax)
  }

  private func append(_ count: Int, to journal: FlaggedJournal) throws {
    for _ in 0..<count {
      let bytes = flaggedBytes(number: journal.nextNumber)
      try bytes.withUnsafeBytes { try journal.append($0) }
    }
  }

  private typealias Found = (numbers: [UInt64], answer: JournalReader.Answer)

  private func read(
    _ reader: JournalReader, from number: UInt64, through last: UInt64 = .max, count: Int = 100
  ) throws -> Found {
    var buffer = [UInt8](repeating: 0, count: count * 160)
    let answer = try buffer.withUnsafeMutableBytes {
      try reader.read(from: number, through: last, into: $0)
    }
    let numbers = try buffer.withUnsafeBytes { bytes in
      let base = try #require(bytes.baseAddress)
      return (0..<answer.recordCount).map {
        FlaggedRecordView(base + $0 * 160, featureCount: 4).number
      }
    }
    return (numbers, answer)
  }

  @Test func aJournalThatIsNotThereOrEmptyHasNothing() throws {
    let reader = JournalReader(folder: folder, featureCount: 4)
    #expect(throws: (any Error).self) { try read(reader, from: 1) }
    _ = try open()
    #expect(try read(reader, from: 1).answer == .init(nextNumber: 1))
    #expect(try reader.look() == nil)
  }

  @Test func closedClosingAndOpenSegmentsAreRead() throws {
    let journal = try open()
    let reader = JournalReader(folder: folder, featureCount: 4)
    try append(2, to: journal)
    #expect(try read(reader, from: 1).numbers == [1, 2])
    // Further on in the same segment, and into segments that were not there.
    try append(6, to: journal)
    #expect(try read(reader, from: 3).numbers == Array(3...8))
    try journal.synchronise()
    try append(3, to: journal)
    #expect(try read(reader, from: 1).numbers == Array(1...11))
    #expect(try read(reader, from: 1, count: 4).answer.nextNumber == 5)
    #expect(try read(reader, from: 5, through: 6).numbers == [5, 6])
    #expect(try read(reader, from: 12).answer == .init(nextNumber: 12))
    #expect(try reader.look() == 1...11)
    try journal.finish()
    #expect(try read(reader, from: 4).numbers == Array(4...11))
  }

  @Test func numbersThatAreGoneAreTold() throws {
    let journal = try open()
    try append(9, to: journal)
    try journal.synchronise()
    let reader = JournalReader(folder: folder, featureCount: 4)
    #expect(try read(reader, from: 2, count: 1).numbers == [2])
    unlink("\(folder)/000001.flagged")
    // The segment that is open is read to its end, though it is gone.
    #expect(try read(reader, from: 3).numbers == Array(3...9))
    let (numbers, answer) = try read(reader, from: 1)
    #expect(answer.gone == 1...3 && numbers == Array(4...9) && answer.nextNumber == 10)
    #expect(try read(reader, from: 2, through: 2).answer == .init(gone: 2...2, nextNumber: 3))
    // A gap in the middle ends an answer; the next one begins with it.
    unlink("\(folder)/000002.flagged")
    unlink("\(folder)/000001.flagged")
    try writeFile("\(folder)/000001.flagged", (1...3).flatMap { flaggedBytes(number: $0) })
    let fresh = JournalReader(folder: folder, featureCount: 4)
    #expect(try read(fresh, from: 1).numbers == [1, 2, 3])
    #expect(try read(fresh, from: 4).answer.gone == 4...6)
    // With all of it gone, all that was written is.
    for name in names(in: folder) where name.contains(".flagged") { unlink("\(folder)/\(name)") }
    let empty = JournalReader(folder: folder, featureCount: 4)
    #expect(try read(empty, from: 2, through: 9).answer == .init(gone: 2...9, nextNumber: 10))
  }

  @Test func damagedRecordsAreLeftOutAndCounted() throws {
    let journal = try open(segmentByteCountMax: 1 << 20)
    try append(5, to: journal)
    try journal.finish()
    var bytes = try contents(of: "\(folder)/000001.flagged")
    bytes[160 + 90] ^= 4
    bytes[4 * 160 + 90] ^= 4
    try writeFile("\(folder)/000001.flagged", bytes)
    let reader = JournalReader(folder: folder, featureCount: 4)
    let (numbers, answer) = try read(reader, from: 1)
    #expect(numbers == [1, 3, 4])
    #expect(answer.unreadableCount == 2 && answer.nextNumber == 6)
  }

  /// What another program makes of the closed segment of numbers 4 to 6, after it was read.
  enum Change: CaseIterable {
    case cut, cutWithinARecord, emptied, holes, emptiedAndHoles, replaced, replacedByLater, removed
    case linkLoop, linkToNothing, linkToALongName, folder, pipe, longer
  }

  private func make(_ change: Change, of path: String) throws {
    let content = try contents(of: path)
    unlink(path)
    switch change {
    case .cut: try writeFile(path, Array(content.prefix(160)))
    case .cutWithinARecord: try writeFile(path, Array(content.prefix(250)))
    case .emptied: try writeFile(path, [])
    case .holes: try writeFile(path, content.prefix(160) + [UInt8](repeating: 0, count: 320))
    case .emptiedAndHoles: try writeFile(path, [UInt8](repeating: 0, count: 480))
    case .replaced: try writeFile(path, (1...3).flatMap { flaggedBytes(number: $0) })
    case .replacedByLater: try writeFile(path, flaggedBytes(number: 1_000))
    case .removed: break
    case .linkLoop: symlink(path, path)
    case .linkToNothing: symlink("nothing", path)
    case .linkToALongName: symlink(String(repeating: "x", count: 300), path)
    case .folder: mkdir(path, 0o755)
    case .pipe: mkfifo(path, 0o644)
    case .longer: try writeFile(path, content + content)
    }
  }

  /// Asks on as a consumer does: every number comes, is gone or is unreadable, and each answer
  /// advances.
  private func follow(
    _ reader: JournalReader, through last: UInt64, count: Int
  ) throws -> (numbers: [UInt64], gone: UInt64, unreadable: Int) {
    var (numbers, gone, unreadable) = ([UInt64](), UInt64(0), 0)
    var next: UInt64 = 1
    while next <= last {
      let found = try read(reader, from: next, through: last, count: count)
      try #require(found.answer.nextNumber > next, "no answer from \(next) on")
      let told = found.answer.gone.map { UInt64($0.count) } ?? 0
      #expect(
        found.answer.nextNumber - next
          == told + UInt64(found.numbers.count + found.answer.unreadableCount))
      (gone, unreadable) = (gone + told, unreadable + found.answer.unreadableCount)
      numbers += found.numbers
      next = found.answer.nextNumber
    }
    return (numbers, gone, unreadable)
  }

  @Test(arguments: Change.allCases, [1, 2, 100])
  func everyAnswerAdvancesWhateverHappensToAClosedSegment(change: Change, count: Int) throws {
    let journal = try open()
    try append(10, to: journal)
    try journal.synchronise()
    let reader = JournalReader(folder: folder, featureCount: 4)
    #expect(try read(reader, from: 1).numbers == Array(1...10))
    let path = "\(folder)/000002.flagged"
    let content = try contents(of: path)
    try make(change, of: path)
    let kept: [UInt64] =
      switch change {
      case .cut, .cutWithinARecord, .holes: [4]
      case .longer: [4, 5, 6]
      default: []
      }
    for _ in 0..<2 {
      let found = try follow(reader, through: 10, count: count)
      #expect(found.numbers == [1, 2, 3] + kept + [7, 8, 9, 10])
      #expect(found.gone + UInt64(found.unreadable) == UInt64(3 - kept.count))
    }
    // What is deleted or moved away is in order; all else is said once.
    let isTold = ![.removed, .longer].contains(change)
    let notes = reader.takeNotes()
    #expect(notes.count == (isTold ? 1 : 0), "\(notes)")
    #expect(notes.allSatisfy { $0.hasPrefix("000002.flagged: ") })
    // Once it is back, it is read again.
    _ = change == .folder ? rmdir(path) : unlink(path)
    try writeFile(path, content)
    _ = try follow(reader, through: 10, count: count)
    #expect(try follow(reader, through: 10, count: count).numbers == Array(1...10))
    #expect(reader.takeNotes().isEmpty)
  }

  /// The file that the reader holds open is cut itself, and not another put in its place.
  @Test(arguments: [0, 100, 160, 400])
  func aFileThatIsCutWhileItIsOpenIsLeft(byteCount: Int) throws {
    let journal = try open()
    try append(10, to: journal)
    try journal.synchronise()
    let reader = JournalReader(folder: folder, featureCount: 4)
    for from: UInt64 in [1, 4] {
      #expect(try read(reader, from: from, count: 1).numbers == [from])
    }
    #expect(truncate("\(folder)/000002.flagged", byteCount) == 0)
    let kept = (0..<byteCount / 160).map { 4 + UInt64($0) }
    let found = try follow(reader, through: 10, count: 2)
    #expect(found.numbers == [1, 2, 3] + kept + [7, 8, 9, 10])
    #expect(found.gone == UInt64(3 - kept.count) && found.unreadable == 0)
    let notes = reader.takeNotes()
    #expect(notes.count == 1 && notes.allSatisfy { $0.contains("to 6 are gone") })
  }

  /// The segment that is being written is cut.
  @Test(arguments: [0, 160]) func anOpenSegmentThatIsCutIsLeft(byteCount: Int) throws {
    let journal = try open()
    try append(6, to: journal)
    try journal.synchronise()
    try append(2, to: journal)
    let reader = JournalReader(folder: folder, featureCount: 4)
    #expect(try read(reader, from: 1, through: 8).numbers == Array(1...8))
    let name = try #require(names(in: folder).filter { $0.hasSuffix(".writing") }.max())
    #expect(truncate("\(folder)/\(name)", byteCount) == 0)
    let kept = UInt64(6 + byteCount / 160)
    #expect(try follow(reader, through: 8, count: 100).numbers == Array(1...kept))
  }

  /// What is being written is not taken for damage.
  @Test func aTornEndIsNotThereYet() throws {
    let whole = (1...3).flatMap { flaggedBytes(number: $0) }
    _ = try RunWriter(folder: folder, kind: .flagged, featureCount: 4)
    for length in [1, 100, 159, 161, 250, 319, 400] {
      try writeFile("\(folder)/000001.flagged.writing", Array(whole[..<length]))
      let reader = JournalReader(folder: folder, featureCount: 4)
      let (numbers, answer) = try read(reader, from: 1)
      #expect(numbers == Array(1...3).prefix(length / 160).map { $0 })
      #expect(answer.unreadableCount == 0)
    }
    var spoilt = whole
    spoilt[2 * 160 + 100] ^= 1
    try writeFile("\(folder)/000001.flagged.writing", spoilt)
    let reader = JournalReader(folder: folder, featureCount: 4)
    #expect(try read(reader, from: 1).answer.nextNumber == 3)
    try writeFile("\(folder)/000001.flagged.writing", whole)
    #expect(try read(reader, from: 3).numbers == [3])
  }

  /// A writer that ends a segment every few records, closes them late, and deletes the oldest, and a
  /// reader that follows: every number comes once, in order, or is told to be gone.
  @Test(arguments: [1, 2, 3]) func aReaderFollowsAWriter(seed: UInt64) async throws {
    let folder = folder
    let last = Atomic<UInt64>(0)
    let total: UInt64 = 3_000
    // After an end that is not orderly the numbers would jump.
    try open().finish()
    async let written: Void = write(to: folder, total: total, seed: seed, last: last)
    let reader = JournalReader(folder: folder, featureCount: 4)
    var expected: UInt64 = 1
    var goneCount: UInt64 = 0
    while expected <= total {
      let bound = last.load(ordering: .acquiring)
      guard bound >= expected else {
        await Task.yield()
        continue
      }
      let (numbers, answer) = try read(
        reader, from: expected, through: bound, count: Int.random(in: 1...40))
      if let gone = answer.gone {
        try #require(gone.lowerBound == expected)
        goneCount += UInt64(gone.count)
        expected = gone.upperBound + 1
      }
      try #require(numbers == (0..<numbers.count).map { expected + UInt64($0) })
      expected += UInt64(numbers.count)
      try #require(answer.nextNumber == expected && answer.unreadableCount == 0)
    }
    try await written
    // The reader keeps up but for what is deleted right behind the writer.
    #expect(goneCount < total)
  }

  private func write(
    to folder: String, total: UInt64, seed: UInt64, last: borrowing Atomic<UInt64>
  ) async throws {
    var random = SeededGenerator(seed)
    let journal = try FlaggedJournal(folder: folder, featureCount: 4, segmentByteCountMax: 1_600)
    var limits = JournalLimits()
    limits.byteCountMax = 40_000
    while journal.nextNumber <= total {
      let count = min(UInt64.random(in: 1...5, using: &random), total - journal.nextNumber + 1)
      let first = journal.nextNumber
      let bytes = (0..<count).flatMap { flaggedBytes(number: first + $0) }
      try bytes.withUnsafeBytes { try journal.append($0) }
      last.store(journal.lastNumber, ordering: .releasing)
      try journal.setPublished(journal.lastNumber)
      if Int.random(in: 0..<4, using: &random) == 0 { try journal.endSegment() }
      _ = journal.chooseForDeletion(limits, nowS: 0)
      if Int.random(in: 0..<3, using: &random) == 0 { try journal.synchronise() }
    }
    try journal.finish()
  }
}
