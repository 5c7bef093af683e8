import EventRecords
import TestSupport
import Testing

/// The account kept the plain way.
private struct PlainLedger {
  var seen: Set<UInt64> = []
  var highest: UInt64 = 0

  mutating func note(_ sequence: UInt64) -> SequenceTracker.Outcome {
    guard sequence > 0, seen.insert(sequence).inserted else { return .repeated }
    guard sequence > highest else { return .late }
    defer { highest = sequence }
    return .fresh(gapOpened: sequence - highest - 1)
  }
}

private func ledger(of sequences: some Sequence<UInt64>) -> SequenceTracker {
  var ledger = SequenceTracker()
  for sequence in sequences { _ = ledger.note(sequence) }
  return ledger
}

@Suite struct SequenceTrackerTests {
  typealias Outcome = SequenceTracker.Outcome

  @Test(
    arguments: [
      ([1, 2, 3], [Outcome.fresh(gapOpened: 0), .fresh(gapOpened: 0), .fresh(gapOpened: 0)], 0),
      ([5], [.fresh(gapOpened: 4)], 4),
      ([1, 4, 2, 2], [.fresh(gapOpened: 0), .fresh(gapOpened: 2), .late, .repeated], 1),
      (
        [1, 4, 3, 2, 5],
        [
          .fresh(gapOpened: 0), .fresh(gapOpened: 2), .late, .late,
          .fresh(gapOpened: 0),
        ], 0
      ),
      ([0, 1, 0], [.repeated, .fresh(gapOpened: 0), .repeated], 0),
      ([.max, 1, .max], [.fresh(gapOpened: .max - 1), .late, .repeated], .max - 2),
    ] as [([UInt64], [Outcome], UInt64)])
  func outcomes(sequences: [UInt64], outcomes: [Outcome], lost: UInt64) {
    var ledger = SequenceTracker()
    for (sequence, outcome) in zip(sequences, outcomes) {
      #expect(ledger.note(sequence) == outcome)
    }
    #expect(ledger.lost == lost)
    #expect(ledger.received + ledger.lost == ledger.highest)
  }

  /// Many at once and one by one come to the same, wherever a stretch begins, at the ends of the
  /// numbers too.
  @Test func aStretchCountsAsItsRecordsOneByOne() {
    var random = SeededGenerator(11)
    for _ in 0..<200 {
      var (together, apart) = (SequenceTracker(), SequenceTracker())
      for _ in 0..<60 {
        let count = UInt64.random(in: 0...9, using: &random)
        let first: UInt64 =
          switch UInt64.random(in: 0...9, using: &random) {
          case 0: UInt64.random(in: 0...300, using: &random)
          case 1: .max &- UInt64.random(in: 0...9, using: &random)
          default: together.highest &+ 1
          }
        together.note(first, count: count)
        for offset in 0..<count { _ = apart.note(first &+ offset) }
        #expect(together.seenRanges == apart.seenRanges)
        #expect(together.highest == apart.highest && together.received == apart.received)
        #expect(together.late == apart.late && together.repeated == apart.repeated)
      }
    }
  }

  @Test func itAgreesWithAPlainSetWhereGapsAreFew() {
    var random = SeededGenerator(4)
    for _ in 0..<300 {
      var ledger = SequenceTracker()
      var plain = PlainLedger()
      for _ in 0..<400 {
        // Below 130 there cannot be more than 65 ranges, and no closed one matters below 128.
        let sequence = UInt64.random(in: 0...127, using: &random)
        #expect(ledger.note(sequence) == plain.note(sequence))
      }
      #expect(ledger.received == UInt64(plain.seen.count))
      #expect(ledger.highest == plain.highest)
    }
  }

  @Test func anInOrderStreamWithLossesCountsThem() {
    var random = SeededGenerator(5)
    let kept = (1...100_000 as ClosedRange<UInt64>).filter { _ in random.next() % 10 != 0 }
    let ledger = ledger(of: kept)
    #expect(ledger.received == UInt64(kept.count) && ledger.highest == kept.last)
    #expect(ledger.lost == ledger.highest - ledger.received)
    #expect(ledger.late == 0 && ledger.repeated == 0)
  }

  @Test func theOldestGapIsClosedWhenThereAreTooMany() {
    // 65 single sequences are one range too many: 2 is closed, 4 and later are told apart.
    var ledger = ledger(of: stride(from: 2, through: 130, by: 2).map { UInt64($0) })
    #expect(ledger.note(1) == .repeated)
    #expect(ledger.note(2) == .repeated)
    #expect(ledger.note(3) == .late)
    #expect(ledger.note(129) == .late)
    #expect(ledger.highest == 130 && ledger.lost == 63)
  }

  @Test func sumsHoldForAnyOrder() {
    var random = SeededGenerator(6)
    for _ in 0..<50 {
      var ledger = SequenceTracker()
      var counts = (fresh: UInt64(0), late: UInt64(0), repeated: UInt64(0), gaps: UInt64(0))
      for _ in 0..<2_000 {
        switch ledger.note(UInt64.random(in: 0...5_000, using: &random)) {
        case .fresh(let gap):
          counts.fresh += 1
          counts.gaps += gap
        case .late: counts.late += 1
        case .repeated: counts.repeated += 1
        }
      }
      #expect(ledger.received == counts.fresh + counts.late)
      #expect(ledger.lost == counts.gaps - counts.late)
      #expect(ledger.late == counts.late && ledger.repeated == counts.repeated)
      #expect(ledger.received + ledger.lost == ledger.highest)
    }
  }

  @Test(arguments: [1, 2, 3, 7])
  func ledgersOfSeveralReceiversMergeIntoTheStreams(receivers: Int) {
    var random = SeededGenerator(UInt64(receivers))
    let kept = (1...20_000 as ClosedRange<UInt64>).filter { _ in random.next() % 50 != 0 }
    var parts = [SequenceTracker](repeating: SequenceTracker(), count: receivers)
    var turn = 0
    for sequence in kept {
      if random.next() % 8 == 0 { turn = (turn + 1) % receivers }
      _ = parts[turn].note(sequence)
    }
    var merged = SequenceTracker()
    for part in parts { merged.merge(part) }
    let whole = ledger(of: kept)
    #expect(merged.received == whole.received && merged.highest == whole.highest)
    #expect(merged.lost == whole.lost && merged.repeated == 0)
  }

  @Test func mergedLedgersGoOn() {
    var merged = ledger(of: [1, 2, 5])
    merged.merge(ledger(of: [3, 8, 5]))
    #expect(merged.received == 5 && merged.repeated == 1 && merged.lost == 3)
    #expect(merged.note(4) == .late)
    #expect(merged.note(3) == .repeated)
    #expect(merged.note(9) == .fresh(gapOpened: 0))
    #expect(merged.lost == 2)
  }

  @Test func mergingAgreesWithPlainSets() {
    var random = SeededGenerator(8)
    for _ in 0..<200 {
      let parts = (0..<2).map { _ in
        (0..<60).map { _ in UInt64.random(in: 1...120, using: &random) }
      }
      var merged = ledger(of: parts[0])
      merged.merge(ledger(of: parts[1]))
      let union = Set(parts[0]).union(parts[1])
      #expect(merged.received == UInt64(union.count))
      #expect(merged.repeated == UInt64(120 - union.count))
      for sequence in 1...120 as ClosedRange<UInt64> {
        var copy = merged
        #expect((copy.note(sequence) == .repeated) == union.contains(sequence))
      }
    }
  }

  @Test func aSavedAccountReadsBackAndGoesOn() throws {
    var random = SeededGenerator(5)
    for _ in 0..<100 {
      var ledger = ledger(of: (0..<90).map { _ in UInt64.random(in: 1...400, using: &random) })
      var words = [UInt64](repeating: .max, count: SequenceTracker.wordCount)
      ledger.save(to: &words)
      var read = try #require(SequenceTracker(savedAt: &words))
      #expect(read.received == ledger.received && read.highest == ledger.highest)
      #expect(read.seenRanges == ledger.seenRanges && read.late == ledger.late)
      var rebuilt = try #require(
        SequenceTracker(
          seenRanges: ledger.seenRanges, closedThrough: ledger.closedSequence,
          received: ledger.received))
      for _ in 0..<50 {
        let next = UInt64.random(in: 1...500, using: &random)
        let expected = ledger.note(next)
        #expect(read.note(next) == expected)
        #expect(rebuilt.note(next) == expected)
      }
    }
  }

  @Test func wordsThatAreNoAccountAreRefused() {
    var words = [UInt64](repeating: 0, count: SequenceTracker.wordCount)
    ledger(of: [1, 2, 5]).save(to: &words)
    for (index, wrong) in [(0, UInt64(9)), (1, 4), (5, 65), (6, 0), (7, 6), (8, 2), (9, 9)] {
      var damaged = words
      damaged[index] = wrong
      #expect(SequenceTracker(savedAt: &damaged) == nil, "word \(index)")
    }
  }

  /// Near the ends of 64 bits everything agrees with plain sets, and merging and saving do not trap.
  @Test func theEndsOfTheNumbersAreLikeAnyOther() throws {
    let values: [UInt64] = [0, 1, 2, 3, 1 << 63, .max - 2, .max - 1, .max]
    var random = SeededGenerator(9)
    for _ in 0..<2_000 {
      let parts = (0..<2).map { _ in (0..<6).map { _ in values.randomElement(using: &random) ?? 0 }
      }
      var plain = PlainLedger()
      var ledgers = [SequenceTracker(), SequenceTracker()]
      for (index, part) in parts.enumerated() {
        for sequence in part { _ = ledgers[index].note(sequence) }
      }
      var first = SequenceTracker()
      for sequence in parts[0] { #expect(first.note(sequence) == plain.note(sequence)) }
      var merged = ledgers[0]
      merged.merge(ledgers[1])
      #expect(merged.received == UInt64(Set(parts[0] + parts[1]).subtracting([0]).count))
      #expect(merged.received <= merged.highest)
      var words = [UInt64](repeating: 0, count: SequenceTracker.wordCount)
      merged.save(to: &words)
      #expect(try #require(SequenceTracker(savedAt: &words)).received == merged.received)
    }
  }

  /// Whatever words a file has, what is read goes on with any sequence, and merges with any other.
  @Test func arbitraryWordsThatAreReadGoOn() {
    let values: [UInt64] = [0, 1, 2, 5, .max - 1, .max]
    var random = SeededGenerator(10)
    var readCount = 0
    var before = SequenceTracker()
    for _ in 0..<20_000 {
      var words = [UInt64](repeating: 0, count: SequenceTracker.wordCount)
      for index in 0..<10 { words[index] = values.randomElement(using: &random) ?? 0 }
      words[5] = UInt64.random(in: 0...2, using: &random)
      guard var read = SequenceTracker(savedAt: &words) else { continue }
      readCount += 1
      for sequence in values { _ = read.note(sequence) }
      #expect(read.received <= read.highest)
      read.merge(before)
      #expect(read.received <= read.highest)
      before = read
    }
    #expect(readCount > 50)
  }
}
