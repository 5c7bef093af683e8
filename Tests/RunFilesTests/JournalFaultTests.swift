import DurableFiles
import EventRecords
import RunFiles
import TestSupport
import Testing

/// What a journal promises of disks that fail, fill and lose power.
@Suite struct JournalFaultTests {
  private let store = MemoryStore()

  private func open(segmentByteCountMax: Int = 800, kept: Int = 1 << 20) throws -> FlaggedJournal {
    try FlaggedJournal(
      store: store, featureCount: 4, segmentByteCountMax: segmentByteCountMax,
      keptByteCountMax: kept)
  }

  private func append(_ count: Int, to journal: FlaggedJournal) throws {
    let first = journal.nextNumber
    let bytes = (0..<UInt64(count)).flatMap { flaggedBytes(number: first + $0) }
    try bytes.withUnsafeBytes { try journal.append($0) }
  }

  private func numbers(_ journal: FlaggedJournal) throws -> [UInt64] {
    var buffer = [UInt8](repeating: 0, count: 1_000 * 160)
    let found = try buffer.withUnsafeMutableBytes { try journal.read(from: 1, into: $0) }
    return buffer.withUnsafeBytes { bytes in
      (0..<found).compactMap { index in
        bytes.baseAddress.map { FlaggedRecordView($0 + index * 160, featureCount: 4).number }
      }
    }
  }

  @Test func aFailedSynchronisationIsNotBelieved() throws {
    do {
      let journal = try open()
      try append(2, to: journal)
      try journal.synchronise()
      #expect(journal.durableNumber == 2)
      try append(3, to: journal)
      store.failingSyncs = 1
      #expect(throws: SystemCallError.self) { try journal.synchronise() }
      #expect(journal.durableNumber == 2)
      try append(4, to: journal)
      try journal.synchronise()
      #expect(journal.durableNumber == 9)
    }
    store.cutPower()
    #expect(try numbers(try open()) == Array(1...9))
  }

  /// The name of a segment is not on the disk for a success after a failure.
  @Test func aFailedSynchronisationOfTheFolderIsNotBelieved() throws {
    do {
      let journal = try open()
      store.failingFolderSyncs = 1
      try append(2, to: journal)
      #expect(throws: SystemCallError.self) { try journal.synchronise() }
      #expect(journal.durableNumber == 0)
      try append(1, to: journal)
      try journal.synchronise()
      #expect(journal.durableNumber == 3)
    }
    store.cutPower()
    #expect(try numbers(try open()) == [1, 2, 3])
  }

  /// A process that ends while it makes the name once more.
  @Test func aSegmentUnderItsOtherNameIsFound() throws {
    do {
      let journal = try open()
      try append(2, to: journal)
      try journal.synchronise()
    }
    try store.rename("000001.flagged.writing", to: "000001.flagged.writing.again", replacing: false)
    #expect(try numbers(try open()) == [1, 2])
  }

  /// The next process finds records in the system's memory that no later synchronisation writes.
  @Test func recoveryDoesNotBelieveWhatTheProcessBeforeCouldNotWrite() throws {
    do {
      let journal = try open()
      try append(1, to: journal)
      try journal.synchronise()
      try append(3, to: journal)
      store.failingSyncs = 1
      #expect(throws: SystemCallError.self) { try journal.synchronise() }
    }
    do { #expect(try numbers(try open()) == [1, 2, 3, 4]) }
    store.cutPower()
    #expect(try numbers(try open()) == [1, 2, 3, 4])
  }

  @Test func appendingWaitsForADiskThatDoesNotTakeMore() throws {
    let journal = try open(kept: 4 * 160)
    try append(4, to: journal)
    store.failingSyncs = 3
    for _ in 0..<3 { #expect(throws: SystemCallError.self) { try append(1, to: journal) } }
    #expect(journal.lastNumber == 4)
    try append(1, to: journal)
    #expect(journal.lastNumber == 5 && journal.durableNumber == 4)
    // More at once than is set aside.
    try append(30, to: journal)
    try journal.synchronise()
    store.cutPower()
    #expect(try numbers(journal).count == 35)
  }

  @Test func noNumberComesTwiceAfterAPowerFailure() throws {
    do {
      let journal = try open()
      try append(12, to: journal)
      try journal.setPublished(12)
    }
    store.cutPower()
    let journal = try open()
    #expect(journal.lastNumber == 0 && journal.publishedNumber == 0)
    #expect(journal.nextNumber == 65_537)
    #expect(journal.notes.contains { $0.contains("numbers 1 to 65536 are left out") })
    try journal.finish()
    #expect(try open().nextNumber == 65_537)
  }

  @Test func theReservationGoesOnAhead() throws {
    let journal = try open(segmentByteCountMax: 160 * 1_000)
    for _ in 0..<70 {
      try append(1_000, to: journal)
      try journal.synchronise()
    }
    #expect(journal.nextNumber == 70_001)
    store.cutPower()
    #expect(try open().nextNumber > 70_001)
  }

  @Test(arguments: ["published", "deleted", "numbers"])
  func damageInASmallFileIsToldAndMended(name: String) throws {
    var random = SystemRandomNumberGenerator()
    for count in [0, 1, 7, 8, 9, 31, 32, 33, 64, 512, 1_023, 1_024, 1_025, 5_000] {
      for kind in 0..<3 {
        let store = MemoryStore()
        func open() throws -> FlaggedJournal { try FlaggedJournal(store: store, featureCount: 4) }
        do {
          let journal = try open()
          try append(5, to: journal)
          try journal.setPublished(3)
          try journal.synchronise()
          try journal.finish()
        }
        store.put(
          name,
          (0..<count).map { _ in
            kind == 0 ? 0 : kind == 1 ? 255 : UInt8.random(in: 0...255, using: &random)
          })
        do {
          let journal = try open()
          #expect(journal.nextNumber > 5 && journal.publishedNumber <= 5, "\(name) \(count)")
          #expect(journal.deleted.number == 0 || name == "deleted" && count == 32)
          try append(1, to: journal)
        }
        #expect(
          try open().notes.allSatisfy {
            !$0.contains("damage") && !$0.contains("not what was deleted")
          })
      }
    }
  }

  /// Whatever the disk lets through at the first start, the next one works.
  @Test func aFirstStartOnAFullDiskLeavesNothingBehind() throws {
    for space in 0..<12 {
      let store = MemoryStore()
      store.spaceLeft = space
      func open() throws {
        let journal = try FlaggedJournal(store: store, featureCount: 4)
        try journal.prepareRetention()
        let bytes = flaggedBytes(number: journal.nextNumber)
        try bytes.withUnsafeBytes { try journal.append($0) }
      }
      for _ in 0..<3 {
        try? open()
        store.cutPower()
      }
      store.spaceLeft = nil
      try open()
    }
  }

  @Test func segmentsThatAreMovedAwayAreGone() throws {
    let journal = try open(segmentByteCountMax: 320)
    try append(1, to: journal)
    for _ in 0..<6 { try append(1, to: journal) }
    try journal.synchronise()
    store.take("000001.flagged")
    store.take("000002.flagged")
    #expect(try numbers(journal) == [5, 6, 7])
    #expect(journal.movedAwaySegmentCount == 2 && journal.recordCount(after: 0) == 3)
    store.take("000003.flagged")
    #expect(try journal.finish().recordCount == 1)
    for name in store.names() where name.hasSuffix(".flagged") { store.take(name) }
    let next = try open()
    #expect(next.nextNumber == 8 && next.firstNumber == nil)
    try append(1, to: next)
    #expect(store.names().contains("000005.flagged.writing"))
  }

  @Test func aNumberThatCannotBeIsNoRecord() throws {
    store.put("000001.flagged", flaggedBytes(number: .max))
    let journal = try open()
    #expect(journal.notes.contains { $0.contains("160 bytes without a good record") })
    #expect(journal.lastNumber == 0 && journal.nextNumber > 1)
    #expect(store.names().contains("000001.flagged.aside-1"))
    #expect(journal.openSegmentIndex >= 1)
  }

  /// A power failure may leave a hole before records that are good.
  @Test func wrongRecordsAtTheEndsOfASegmentDoNotRefuseTheStart() throws {
    let hole = [UInt8](repeating: 0, count: 160)
    store.put("000001.flagged", hole + flaggedBytes(number: 2) + hole)
    store.put("000002.flagged.writing", hole + flaggedBytes(number: 5) + flaggedBytes(number: 6))
    let journal = try open()
    #expect(journal.firstNumber == 1 && journal.lastNumber == 6)
    // There is no file of numbers, so that some are left out.
    #expect(journal.nextNumber == 7 + (1 << 32))
    #expect(try numbers(journal) == [2, 5, 6])
    let reader = JournalReader(store: store, featureCount: 4)
    #expect(try reader.look() == 1...6)
  }

  @Test func segmentNumbersOfMoreDigitsGoOn() throws {
    store.put("999999.flagged", flaggedBytes(number: 1))
    do {
      let journal = try open()
      try append(1, to: journal)
      // There is no file of numbers, so that some are left out.
      #expect(store.names().contains("1000064.flagged.writing"))
      try journal.finish()
    }
    let reader = JournalReader(store: store, featureCount: 4)
    let last: UInt64 = 2 + (1 << 32)
    #expect(try reader.look() == 1...last)
    #expect(try numbers(try open()) == [1, last])
  }

  /// Appends, publishes, synchronises, fails, is killed and loses power, in any order: what was said
  /// to be on the disk is there, and no number comes twice.
  @Test(arguments: 0..<60) func anyOrderOfFaults(seed: Int) throws {
    var random = FaultGenerator(state: UInt64(seed) &* 7_919 &+ 1)
    var journal = try open(segmentByteCountMax: 500, kept: 1_600)
    var (highest, durable) = (UInt64(0), Set<UInt64>())
    for _ in 0..<120 {
      switch Int.random(in: 0..<12, using: &random) {
      case 0..<6:
        let first = journal.nextNumber
        #expect(first > highest)
        let count = Int.random(in: 1...4, using: &random)
        if (try? append(count, to: journal)) != nil { highest = journal.lastNumber }
      case 6..<8: try? journal.synchronise()
      case 8: store.failingSyncs = Int.random(in: 0...2, using: &random)
      case 9:
        if journal.lastNumber > journal.publishedNumber {
          try journal.setPublished(journal.lastNumber)
        }
      case 10: try? journal.endSegment()
      default:
        journal.noteProgress()
        durable.formUnion(try numbers(journal).filter { $0 <= journal.durableNumber })
        store.failingSyncs = 0
        if Bool.random(using: &random) { store.cutPower() }
        journal = try open(segmentByteCountMax: 500, kept: 1_600)
        let found = try numbers(journal)
        #expect(durable.isSubset(of: found))
        #expect(Set(found).count == found.count)
      }
    }
  }
}

/// Numbers that are the same in every run of the tests.
private struct FaultGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state >> 11) ^ (state << 40)
  }
}
