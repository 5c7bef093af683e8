import Synchronization
import Testing
import TriggerPipeline
import WorkerThreads

@Suite struct RecordRingTests {
  private static func ring(capacity: Int) -> RecordRing {
    RecordRing(capacity: capacity, featureCount: 4, recordByteCount: 80)
  }

  private static func note(_ number: Int) -> SlotNote {
    SlotNote(isEvent: true, ledgerEntry: 0, closedEntry: nil, receivedNs: UInt64(number))
  }

  @Test func capacityIsAPowerOfTwoAndSlotsAreAligned() {
    let ring = Self.ring(capacity: 100)
    #expect(ring.capacity == 128)
    #expect(ring.slotByteCount == 128)
    #expect(Int(bitPattern: ring.record(at: 0)) % 64 == 0)
  }

  @Test func aFullRingHasNoFreeSlotUntilOneIsReleased() throws {
    let ring = Self.ring(capacity: 8)
    for number in 0..<8 {
      ring.fill(try #require(ring.nextFreePosition()), note: Self.note(number))
    }
    #expect(ring.nextFreePosition() == nil)
    let range = try #require(ring.claim(batchMax: 3, workers: 1))
    #expect(range == 0..<3)
    #expect(ring.nextCompletedRange() == nil)
    ring.complete(range)
    #expect(ring.nextCompletedRange() == 0..<3)
    ring.release(upTo: 3)
    #expect(ring.nextFreePosition() == 8)
    #expect(ring.occupiedCount == 5 && ring.unclaimedCount == 5)
  }

  /// A switch of generations falls between two batches, wherever it comes.
  @Test(arguments: 1..<8)
  func aClaimIsOfOneGeneration(first count: Int) throws {
    let ring = Self.ring(capacity: 8)
    for number in 0..<8 {
      ring.fill(number, note: Self.note(number), generation: number < count ? 1 : 2)
    }
    let old = try #require(ring.claim(batchMax: 8, workers: 1))
    let new = try #require(ring.claim(batchMax: 8, workers: 1))
    #expect(old == 0..<count && new == count..<8)
    #expect(ring.generation(at: old.lowerBound) == 1 && ring.generation(at: new.lowerBound) == 2)
  }

  @Test func aClaimDoesNotCrossTheEnd() throws {
    let ring = Self.ring(capacity: 8)
    for number in 0..<6 { ring.fill(number, note: Self.note(number)) }
    let first = try #require(ring.claim(batchMax: 6, workers: 1))
    ring.complete(first)
    ring.release(upTo: 6)
    for number in 6..<12 { ring.fill(number, note: Self.note(number)) }
    #expect(ring.claim(batchMax: 8, workers: 1) == 6..<8)
    #expect(ring.claim(batchMax: 8, workers: 1) == 8..<12)
    #expect(ring.claim(batchMax: 8, workers: 1) == nil)
  }

  /// A ring that is empty begins again at its first slot; one that is not stays as it is.
  @Test func rewindingReusesTheFirstSlots() throws {
    let ring = Self.ring(capacity: 8)
    for turn in 0..<5 {
      for number in 0..<3 { ring.fill(3 * turn + number, note: Self.note(number)) }
      ring.rewind()
      let range = try #require(ring.claim(batchMax: 8, workers: 1))
      #expect(range == 3 * turn..<3 * turn + 3)
      #expect(ring.record(at: range.lowerBound) == ring.record(at: 8 + range.lowerBound))
      ring.complete(range)
      ring.rewind()
      #expect(ring.nextCompletedRange() == range)
      ring.release(upTo: range.upperBound)
      let slot = ring.record(at: range.lowerBound)
      ring.rewind()
      #expect(ring.nextCompletedRange() == nil && ring.claim(batchMax: 8, workers: 1) == nil)
      #expect(ring.nextFreePosition() == range.upperBound)
      #expect(ring.record(at: range.upperBound) == slot)
    }
  }

  /// A stretch ends before a control record, another run, and a record that closes a run.
  @Test func stretchesAreEventsOfOneRun() {
    let ring = Self.ring(capacity: 8)
    let notes: [(isEvent: Bool, entry: Int, closed: Int?)] = [
      (true, 3, 2), (true, 3, nil), (false, 3, nil), (true, 3, nil), (true, 4, nil), (true, 4, 3),
      (true, 4, nil),
    ]
    for (position, note) in notes.enumerated() {
      ring.fill(
        position,
        note: SlotNote(
          isEvent: note.isEvent, ledgerEntry: note.entry, closedEntry: note.closed, receivedNs: 1))
    }
    var stretches: [Range<Int>] = []
    while (stretches.last?.upperBound ?? 0) < 7 {
      stretches.append(ring.stretch(from: stretches.last?.upperBound ?? 0, upTo: 7))
    }
    #expect(stretches == [0..<2, 2..<3, 3..<4, 4..<5, 5..<7])
  }

  @Test func laterRangesWaitForEarlierOnes() throws {
    let ring = Self.ring(capacity: 16)
    for number in 0..<4 { ring.fill(number, note: Self.note(number)) }
    let first = try #require(ring.claim(batchMax: 2, workers: 1))
    let second = try #require(ring.claim(batchMax: 2, workers: 1))
    ring.complete(second)
    #expect(ring.nextCompletedRange() == nil)
    ring.complete(first)
    #expect(ring.nextCompletedRange() == 0..<2)
    ring.release(upTo: 2)
    #expect(ring.nextCompletedRange() == 2..<4)
  }

  /// One filler, several workers that write a function of the note, one taker: every record comes
  /// out once, in order, with its own result, though the ring is far smaller than the stream.
  @Test(arguments: [1, 2, 4])
  func everyRecordComesOutInOrder(workers: Int) {
    let ring = Self.ring(capacity: 64)
    let total = 20_000
    let hasEnded = Atomic<Bool>(false)
    let wrong = Atomic<Int>(0)
    let taken = Atomic<Int>(0)
    withWorkers(workers + 2, name: "ring") { thread in
      switch thread {
      case 0:
        for number in 0..<total {
          var position = ring.nextFreePosition()
          while position == nil {
            ring.releases.wait(while: ring.releases.value, timeoutNs: 1_000_000)
            position = ring.nextFreePosition()
          }
          if let position { ring.fill(position, note: Self.note(number)) }
          ring.announceArrivals()
        }
        hasEnded.store(true, ordering: .releasing)
      case 1:
        while taken.load(ordering: .relaxed) < total {
          guard let range = ring.nextCompletedRange() else {
            ring.completions.wait(while: ring.completions.value, timeoutNs: 1_000_000)
            continue
          }
          for position in range {
            let isRight =
              ring.note(at: position).receivedNs == UInt64(position)
              && ring.score(at: position) == Float(position) + 0.5
            if !isRight { wrong.wrappingAdd(1, ordering: .relaxed) }
          }
          taken.wrappingAdd(range.count, ordering: .relaxed)
          ring.release(upTo: range.upperBound)
        }
      default:
        while true {
          if let range = ring.claim(batchMax: 7, workers: workers) {
            for position in range {
              ring.scores(at: position).pointee = Float(ring.note(at: position).receivedNs) + 0.5
            }
            ring.complete(range)
          } else if hasEnded.load(ordering: .acquiring), ring.unclaimedCount == 0 {
            return
          } else {
            ring.arrivals.wait(while: ring.arrivals.value, timeoutNs: 1_000_000)
          }
        }
      }
    }
    #expect(taken.load(ordering: .relaxed) == total)
    #expect(wrong.load(ordering: .relaxed) == 0)
    #expect(ring.isEmpty)
  }
}
