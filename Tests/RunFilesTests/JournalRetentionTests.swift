import DurableFiles
import EventRecords
import Glibc
import RunFiles
import TestSupport
import Testing

@Suite struct JournalRetentionTests {
  let temporary = TemporaryFolder()
  var folder: String { temporary("journal") }
  /// Segments of three records.
  private static let segmentByteCount = 480

  private func open() throws -> FlaggedJournal {
    try FlaggedJournal(
      folder: folder, featureCount: 4, segmentByteCountMax: Self.segmentByteCount)
  }

  private func append(_ count: Int, to journal: FlaggedJournal) throws {
    for _ in 0..<count {
      let bytes = flaggedBytes(number: journal.nextNumber)
      try bytes.withUnsafeBytes { try journal.append($0) }
    }
  }

  private func limits(
    byteCount: Int = 0, ageS: Int = 0, deletesUnpublished: Bool = false
  ) -> JournalLimits {
    var limits = JournalLimits()
    limits.byteCountMax = byteCount
    limits.ageMaxS = ageS
    limits.deletesUnpublished = deletesUnpublished
    return limits
  }

  private var segmentNames: [String] { names(in: folder).filter { $0.contains(".flagged") } }

  @Test func segmentsAreClosedBySynchronisingAlone() throws {
    let journal = try open()
    try append(7, to: journal)
    #expect(
      segmentNames == [
        "000001.flagged.writing", "000002.flagged.writing", "000003.flagged.writing",
      ])
    #expect(journal.hasChores && journal.segmentCount == 3 && journal.byteCount == 7 * 160)
    try journal.synchronise()
    #expect(
      segmentNames == ["000001.flagged", "000002.flagged", "000003.flagged.writing"])
    try journal.endSegment()
    #expect(journal.openByteCount == 0)
    try journal.endSegment()
    try journal.synchronise()
    #expect(segmentNames.count == 3 && segmentNames.allSatisfy { $0.hasSuffix(".flagged") })
    try append(1, to: journal)
    #expect(try journal.finish().segments.map(\.recordCount) == [3, 3, 1, 1])
    #expect(try RunInspection(folder).isWhole)
  }

  @Test func manySegmentsThatWaitForTheDiskMakeTheWriterWait() throws {
    let journal = try open()
    try append(3 * 20, to: journal)
    #expect(segmentNames.filter { $0.hasSuffix(".writing") }.count <= 9)
    #expect(try journal.finish().recordCount == 60)
  }

  /// Every open segment that a kill leaves is closed, in order.
  @Test func segmentsThatWereBeingClosedAreRecovered() throws {
    do { try append(8, to: try open()) }
    let journal = try open()
    #expect(journal.recovery.segments.count == 3 && journal.nextNumber == 65_537)
    #expect(try journal.finish().recordCount == 8)
  }

  @Test func theOldestPublishedSegmentsGoUntilTheRestFits() throws {
    let journal = try open()
    try append(13, to: journal)
    try journal.synchronise()
    try journal.setPublished(8)
    #expect(journal.chooseForDeletion(limits(byteCount: 13 * 160), nowS: 0) == .withinLimits)
    #expect(journal.chooseForDeletion(limits(), missingByteCount: 1, nowS: 0) == .withinLimits)
    // Two of the segments are all that was published.
    #expect(journal.chooseForDeletion(limits(byteCount: 480), nowS: 0) == .deleting)
    #expect(journal.firstNumber == 7)
    // Nothing goes before the synchronisation, and with it the cursor.
    #expect(segmentNames.count == 5)
    try journal.synchronise()
    #expect(segmentNames.first == "000003.flagged" && segmentNames.count == 3)
    #expect(journal.chooseForDeletion(limits(byteCount: 480), nowS: 0) == .heldByUnpublished)
    #expect(journal.deleted.number == 6 && journal.deleted.published == 6)
    #expect(journal.deleted.unpublished == 0)
    #expect(journal.byteCount == 7 * 160 && journal.segmentCount == 3)
    // The open segment never goes.
    try journal.setPublished(13)
    #expect(journal.chooseForDeletion(limits(byteCount: 1), nowS: 0) == .deleting)
    try journal.synchronise()
    #expect(journal.chooseForDeletion(limits(byteCount: 1), nowS: 0) == .withinLimits)
    #expect(segmentNames == ["000005.flagged.writing"])
    let manifest = try journal.finish()
    #expect(manifest.recordCount == 1 && manifest.firstNumber == 13)
    #expect(manifest.counts["above_threshold"] == 1)
    #expect(manifest.sources.map(\.recordCount) == [1])
    #expect(try RunInspection(folder).isWhole)
  }

  @Test func unpublishedRecordsGoWhereTheyMay() throws {
    let journal = try open()
    try append(7, to: journal)
    try journal.synchronise()
    try journal.setPublished(2)
    let limits = limits(byteCount: 160, deletesUnpublished: true)
    #expect(journal.chooseForDeletion(limits, nowS: 0) == .deleting)
    try journal.synchronise()
    _ = journal.chooseForDeletion(limits, nowS: 0)
    #expect(journal.deleted.published == 2 && journal.deleted.unpublished == 4)
    var buffer = [UInt8](repeating: 0, count: 10 * 160)
    #expect(try buffer.withUnsafeMutableBytes { try journal.read(from: 3, into: $0) } == 1)
  }

  @Test func oldSegmentsGo() throws {
    let journal = try open()
    try append(7, to: journal)
    try journal.setPublished(7)
    try journal.synchronise()
    let now = Int(time(nil))
    #expect(journal.chooseForDeletion(limits(ageS: 3_600), nowS: now + 3_000) == .withinLimits)
    #expect(journal.chooseForDeletion(limits(ageS: 3_600), nowS: now + 4_000) == .deleting)
    try journal.synchronise()
    #expect(segmentNames == ["000003.flagged.writing"])
  }

  /// No number is given twice though nothing is left, whether it ended in order or not.
  @Test(arguments: [true, false]) func numbersGoOnWhenAllIsDeleted(endsInOrder: Bool) throws {
    do {
      let journal = try open()
      try append(6, to: journal)
      try journal.endSegment()
      try journal.setPublished(2)
      try journal.synchronise()
      let limits = limits(byteCount: 1, deletesUnpublished: true)
      #expect(journal.chooseForDeletion(limits, nowS: 0) == .deleting)
      try journal.synchronise()
      if endsInOrder { try journal.finish() }
    }
    #expect(segmentNames == [])
    let journal = try open()
    // Of an end that was not in order what was reserved may have been given.
    let next: UInt64 = endsInOrder ? 7 : 65_537
    #expect(journal.nextNumber == next && journal.firstNumber == nil)
    #expect(journal.deleted.published == 2 && journal.deleted.unpublished == 4)
    try append(1, to: journal)
    #expect(segmentNames == [endsInOrder ? "000003.flagged.writing" : "000065.flagged.writing"])
    #expect(try journal.finish().firstNumber == next)
    let inspection = try RunInspection(folder)
    #expect(inspection.isWhole, "\(inspection.problems)")
    #expect(
      inspection.lines.contains(
        "deleted up to number 6: 2 records published, 4 unpublished"))
    #expect(inspection.lines.contains("published up to number 2"))
  }

  /// A manifest that is older than deletions and a kill is no damage.
  @Test func whatIsDeletedAfterTheManifestIsNoDamage() throws {
    do {
      let journal = try open()
      try append(7, to: journal)
      try journal.finish()
    }
    do {
      let journal = try open()
      try append(2, to: journal)
      try journal.setPublished(9)
      #expect(journal.chooseForDeletion(limits(byteCount: 500), nowS: 0) == .deleting)
      try journal.synchronise()
    }
    #expect(try RunInspection(folder).problems == [])
    // A segment that is missing for another reason is one.
    unlink("\(folder)/000003.flagged")
    #expect(try RunInspection(folder).problems.count == 1)
    let journal = try open()
    #expect(journal.nextNumber == 65_544)
    #expect(try journal.finish().recordCount == 2)
    #expect(try RunInspection(folder).isWhole)
  }

  /// The counts hold over a kill between writing them down and removing the files.
  @Test func aDeletionThatWasInterruptedIsCountedOnce() throws {
    let first = try {
      let journal = try open()
      try append(7, to: journal)
      try journal.setPublished(7)
      try journal.synchronise()
      return try contents(of: "\(folder)/000001.flagged")
    }()
    do {
      let journal = try open()
      #expect(journal.chooseForDeletion(limits(byteCount: 900), nowS: 0) == .deleting)
      try journal.synchronise()
    }
    try writeFile("\(folder)/000001.flagged", first)
    let journal = try open()
    #expect(journal.deleted.published == 3 && journal.firstNumber == 1)
    #expect(journal.chooseForDeletion(limits(byteCount: 900), nowS: 0) == .deleting)
    try journal.synchronise()
    _ = journal.chooseForDeletion(limits(), nowS: 0)
    #expect(journal.deleted.published == 3 && journal.firstNumber == 4)
  }

  @Test func anotherDeletedFileIsToldOnce() throws {
    _ = try open()
    try writeFile("\(folder)/deleted", [1, 2, 3])
    #expect(try open().notes.contains { $0.contains("/deleted: not what was deleted") })
    #expect(try open().notes.allSatisfy { !$0.contains("/deleted") })
  }

  /// A clock that was wrong when a segment was written, or is now, makes nothing old.
  @Test func aGapOfMoreThanADayCountsAsOneDay() throws {
    let journal = try open()
    try append(7, to: journal)
    try journal.setPublished(7)
    try journal.synchronise()
    let now = journal.nowS
    journal.beginTime(wallS: now + 30 * 86_400)
    #expect(journal.nowS <= now + 86_400)
    let limits = limits(ageS: 2 * 86_400)
    #expect(journal.chooseForDeletion(limits, nowS: journal.nowS) == .withinLimits)
    #expect(journal.chooseForDeletion(limits, nowS: journal.nowS + 86_500) == .deleting)
  }

  /// A segment that had to be written again, after others, has a younger file than those.
  @Test func aSegmentThatWasWrittenAgainMakesNoOtherOlder() throws {
    do {
      let journal = try open()
      try append(9, to: journal)
      try journal.finish()
    }
    let now = time(nil)
    for (index, age) in [600, 100, 500].enumerated() {
      var times = [
        timespec(tv_sec: now - age, tv_nsec: 0), timespec(tv_sec: now - age, tv_nsec: 0),
      ]
      utimensat(AT_FDCWD, "\(folder)/00000\(index + 1).flagged", &times, 0)
    }
    let journal = try open()
    try journal.setPublished(9)
    try journal.synchronise()
    journal.beginTime(wallS: now)
    #expect(journal.chooseForDeletion(limits(ageS: 700), nowS: journal.nowS) == .withinLimits)
    #expect(journal.chooseForDeletion(limits(ageS: 550), nowS: journal.nowS) == .deleting)
  }

  /// Of records that are being deleted unpublished none counts as published: the next process may find
  /// them.
  @Test func theCursorDoesNotPassWhatIsDeletedUnpublished() throws {
    let journal = try open()
    try append(9, to: journal)
    try journal.synchronise()
    try journal.setPublished(1)
    #expect(
      journal.chooseForDeletion(
        limits(byteCount: 480, deletesUnpublished: true), nowS: journal.nowS) == .deleting)
    try journal.setPublished(8)
    #expect(journal.publishedNumber == 1)
    try journal.synchronise()
    try journal.setPublished(8)
    #expect(journal.publishedNumber == 8)
  }

  /// Opening looks at the ends of a segment, not through it.
  @Test func manySegmentsOpenWithoutReadingThem() throws {
    do {
      let journal = try FlaggedJournal(folder: folder, featureCount: 4, segmentByteCountMax: 160)
      for _ in 0..<1_500 {
        try append(1, to: journal)
      }
      try journal.finish()
    }
    let journal = try open()
    #expect(journal.nextNumber == 1_501 && journal.segmentCount == 1_500)
    var buffer = [UInt8](repeating: 0, count: 160)
    #expect(try buffer.withUnsafeMutableBytes { try journal.read(from: 777, into: $0) } == 1)
    #expect(try journal.finish().recordCount == 1_500)
  }
}
