import EventRecords
import Testing
import TriggerPipeline

@Suite struct RunLedgerTableTests {
  private typealias Placement = RunLedgerTable.Placement

  private func place(
    _ kind: RecordKind, run: UInt32, source: UInt32, sequence: UInt64, in table: RunLedgerTable
  ) -> RunLedgerTable.Placement {
    let header = EventHeader(
      kind: kind, source: source, run: run, featureCount: 1, sequence: sequence)
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 68, alignment: 64)
    defer { bytes.deallocate() }
    guard let base = bytes.baseAddress else { return .refused(.truncated) }
    EventRecord.encode(header, features: nil, into: base)
    return table.place(EventRecordView(base), isEvent: kind == .event)
  }

  /// A run of one source from begin to end, with everything that can go wrong on the way.
  @Test func aRunFromBeginToEnd() {
    let table = RunLedgerTable()
    func place(_ kind: RecordKind, run: UInt32, sequence: UInt64) -> Placement {
      self.place(kind, run: run, source: 7, sequence: sequence, in: table)
    }
    #expect(place(.beginOfRun, run: 5, sequence: 1) == .accepted(entry: 0, closedEntry: nil))
    #expect(place(.event, run: 5, sequence: 2) == .accepted(entry: 0, closedEntry: nil))
    #expect(place(.event, run: 5, sequence: 6) == .accepted(entry: 0, closedEntry: nil))
    #expect(table.sources[1].lost.value == 3)
    #expect(place(.event, run: 5, sequence: 4) == .accepted(entry: 0, closedEntry: nil))
    #expect(table.sources[1].late.value == 1)
    #expect(place(.event, run: 5, sequence: 4) == .refused(.repeated))
    #expect(place(.event, run: 5, sequence: 0) == .refused(.repeated))
    #expect(place(.event, run: 4, sequence: 1) == .accepted(entry: 1, closedEntry: nil))
    #expect(place(.endOfRun, run: 5, sequence: 7) == .accepted(entry: 0, closedEntry: 0))
    #expect(place(.event, run: 5, sequence: 8) == .refused(.runEnded))
    #expect(table.sources[1].received.value == 7)
    #expect(table.sources[1].refused.value == 3)
  }

  /// A replay of an old run, or a newer one that others send, takes nothing from a run that streams.
  @Test func runsOfASourceAreOpenBesideEachOther() {
    let table = RunLedgerTable()
    for sequence in 1...100 as ClosedRange<UInt64> {
      for (entry, run) in [UInt32(12), 999, 3].enumerated() {
        let kind: RecordKind = sequence == 1 ? .beginOfRun : .event
        #expect(
          place(kind, run: run, source: 3, sequence: sequence, in: table)
            == .accepted(entry: entry, closedEntry: nil))
      }
    }
    #expect(table.sources[1].refused.value == 0 && table.sources[1].lost.value == 0)
  }

  /// The quick way for records that follow one another gives the places and sums of the slow one.
  @Test func followersAreTakenAsTheyAreOneByOne() {
    let (quick, slow) = (RunLedgerTable(), RunLedgerTable())
    var numbers = SeededGenerator(state: 5)
    var highest: [UInt32: UInt64] = [:]
    var quickCount = 0
    var (run, source): (UInt32, UInt32) = (1, 1)
    func random(below limit: UInt64) -> UInt64 { numbers.next() % limit }
    func give(_ kind: RecordKind, _ sequence: UInt64) {
      let header = EventHeader(
        kind: kind, source: source, run: run, featureCount: 1, sequence: sequence)
      withUnsafeTemporaryAllocation(byteCount: 68, alignment: 64) { bytes in
        guard let base = bytes.baseAddress else { return }
        EventRecord.encode(header, features: nil, into: base)
        let record = EventRecordView(base)
        let placement = slow.place(record, isEvent: kind == .event)
        if let entry = quick.placeFollower(record) {
          quickCount += 1
          #expect(placement == .accepted(entry: entry, closedEntry: nil))
        } else {
          #expect(placement == quick.place(record, isEvent: kind == .event))
        }
      }
    }
    func compare() {
      quick.settle()
      #expect(quick.sources.snapshot() == slow.sources.snapshot())
    }
    for _ in 0..<20_000 {
      if random(below: 8) == 0 {
        run = UInt32(1 + random(below: 3))
        source = UInt32(1 + random(below: 3))
      }
      let key = run << 8 | source
      let next = highest[key, default: 0] + 1
      switch random(below: 100) {
      case 0: give(.event, random(below: next + 1))
      case 1:
        highest[key] = next + 3
        give(.event, next + 3)
      case 2:
        highest[key] = next
        give(.heartbeat, next)
      case 3:
        give(.endOfRun, next)
        give(.event, next + 1)
        highest[key] = 1
        give(.beginOfRun, 1)
      default:
        highest[key] = next
        give(.event, next)
      }
      if random(below: 10) == 0 { compare() }
    }
    #expect(quickCount > 5_000)
    for sequence in [UInt64.max - 2, .max - 1, .max, 0, 1, .max] { give(.event, sequence) }
    compare()
  }

  @Test func oneRunTooManyClosesTheOneThatWasSilentLongest() {
    let time = StoppedTime()
    let table = RunLedgerTable(clock: PipelineClock(time))
    let limit = UInt32(RunLedgerTable.openRunsOfSourceMax)
    for run in 1...limit {
      time.monotonicNs += 1
      table.beginTurn()
      _ = place(.event, run: run, source: 3, sequence: 1, in: table)
    }
    time.monotonicNs += 1
    table.beginTurn()
    _ = place(.event, run: 1, source: 3, sequence: 2, in: table)
    #expect(
      place(.event, run: 100, source: 3, sequence: 1, in: table)
        == .accepted(entry: Int(limit), closedEntry: 1))
    // It goes on as another part: what came before is not lost.
    time.monotonicNs += 1
    table.beginTurn()
    #expect(
      place(.event, run: 2, source: 3, sequence: 10, in: table)
        == .accepted(entry: Int(limit) + 1, closedEntry: 2))
    #expect(table.sources[1].lost.value == 0)
  }

  /// Wrong numbers get no place that somebody uses, and do not keep theirs.
  @Test func sourcesThatAreSilentGiveUpTheirPlace() {
    let time = StoppedTime()
    let table = RunLedgerTable(clock: PipelineClock(time))
    let limit = UInt32(RunLedgerTable.sourceCountMax)
    for source in 1...limit { _ = place(.event, run: 1, source: source, sequence: 5, in: table) }
    #expect(place(.event, run: 1, source: 999, sequence: 1, in: table) == .refused(.sourceLimit))
    time.monotonicNs += RunLedgerTable.busySilenceNsMax
    table.beginTurn()
    for source in 2...limit { _ = place(.event, run: 1, source: source, sequence: 6, in: table) }
    #expect(
      place(.event, run: 1, source: 999, sequence: 1, in: table)
        == .accepted(entry: Int(limit), closedEntry: nil))
    #expect(place(.event, run: 1, source: 1_000, sequence: 1, in: table) == .refused(.sourceLimit))
    let sums = table.sources.snapshot()
    #expect(sums.count == Int(limit) + 2 && sums.last?.sender == .other)
    #expect(sums.last?.received == 1 && sums.last?.lost == 4)
    #expect(sums.map(\.received).reduce(0, +) == UInt64(2 * limit + 2))
    #expect(sums.map(\.lost).reduce(0, +) == UInt64(4 * limit))
  }

  @Test func allGiveUpTheirPlaceAfterTheStatedSilence() {
    let time = StoppedTime()
    let table = RunLedgerTable(silenceNs: 60_000_000_000, clock: PipelineClock(time))
    for source in 1...5 as ClosedRange<UInt32> {
      _ = place(.event, run: 1, source: source, sequence: 1, in: table)
    }
    time.monotonicNs += 59_000_000_000
    table.beginTurn()
    _ = place(.event, run: 1, source: 5, sequence: 2, in: table)
    time.monotonicNs += 2_000_000_000
    table.beginTurn()
    #expect(table.sources.snapshot().map(\.sender) == [.unknown, .source(5), .other])
  }

  @Test func moreRunsThanEntriesWaitForThoseOnTheirWay() {
    let table = RunLedgerTable()
    for run in 1...UInt32(RunLedgerTable.entryCount) {
      _ = place(.event, run: run, source: 3, sequence: 1, in: table)
      _ = place(.endOfRun, run: run, source: 3, sequence: 2, in: table)
    }
    #expect(place(.event, run: 0, source: 3, sequence: 1, in: table) == .wait)
  }

  @Test func runsClosedLastAreRemembered() {
    let table = RunLedgerTable()
    table.remember([
      ClosedBefore(run: 5, source: 3, openedNs: 1), ClosedBefore(run: 6, source: 3, openedNs: 2),
    ])
    #expect(place(.event, run: 5, source: 3, sequence: 9, in: table) == .refused(.runEnded))
    #expect(
      place(.beginOfRun, run: 6, source: 3, sequence: 1, in: table)
        == .accepted(entry: 0, closedEntry: nil))
  }

  /// Sequences as large as they can be, and times as sequences, from many sources.
  @Test func sumsOfTheLargestNumbersStopThere() {
    let table = RunLedgerTable()
    for source in 1...20 as ClosedRange<UInt32> {
      for run in 1...5 as ClosedRange<UInt32> {
        for sequence in [1_780_000_000_000_000_000, UInt64.max - 1, .max, 1, 0, .max] {
          _ = place(.event, run: run, source: source, sequence: sequence, in: table)
        }
      }
    }
    #expect(table.sources[1].lost.value == .max)
    #expect(table.sources[1].refused.value == 10)
  }

  @Test func aRunThatHasEndedCanBeginAgain() {
    let table = RunLedgerTable()
    for kind in [RecordKind.beginOfRun, .endOfRun] {
      _ = place(kind, run: 1, source: 3, sequence: kind == .beginOfRun ? 1 : 2, in: table)
    }
    #expect(
      place(.beginOfRun, run: 1, source: 3, sequence: 1, in: table)
        == .accepted(entry: 1, closedEntry: nil))
    #expect(
      place(.event, run: 1, source: 3, sequence: 2, in: table)
        == .accepted(entry: 1, closedEntry: nil))
  }

  @Test func sourcesAreCountedApartAndBounded() {
    let table = RunLedgerTable()
    for source in 1...UInt32(RunLedgerTable.sourceCountMax) {
      #expect(
        place(.event, run: 1, source: source, sequence: 1, in: table)
          == .accepted(entry: Int(source) - 1, closedEntry: nil))
    }
    #expect(place(.event, run: 1, source: 999, sequence: 1, in: table) == .refused(.sourceLimit))
    #expect(table.sources.count == RunLedgerTable.sourceCountMax + 1)
    #expect(table.sources[0].received.value == 1)
    #expect(table.sources[5].received.value == 1)
  }
}

/// A clock that a test moves.
final class StoppedTime: SimulatedTime, @unchecked Sendable {
  var monotonicNs: UInt64 = 1_000_000_000
  var realtimeNs: UInt64 = 1_700_000_000_000_000_000
  func sleep(ns durationNs: UInt64) { monotonicNs += durationNs }
}

extension RunLedgerTableTests {
  /// Whatever record opens one run more than a source may have open, the run that gives way is
  /// closed by that record, or stands in the queue of those to be closed: none is forgotten.
  @Test(arguments: [RecordKind.event, .beginOfRun, .endOfRun, .heartbeat], [0, 1, 7] as [UInt64])
  func noRunIsForgottenWhereOneGivesWay(_ kind: RecordKind, _ sequence: UInt64) {
    let table = RunLedgerTable()
    for run in 1...UInt32(RunLedgerTable.openRunsOfSourceMax) {
      _ = place(.event, run: run, source: 1, sequence: 1, in: table)
    }
    let placement = place(kind, run: 1_000, source: 1, sequence: sequence, in: table)
    if sequence == 0 {
      #expect(placement == .refused(.repeated))
      // All are open still.
      for run in 1...UInt32(RunLedgerTable.openRunsOfSourceMax) {
        #expect(place(.event, run: run, source: 1, sequence: 2, in: table).isAccepted)
      }
      return
    }
    guard case .accepted(let entry, let closed) = placement else {
      Issue.record("\(placement)")
      return
    }
    #expect(table.queuedClosingCount == (kind == .endOfRun ? 1 : 0))
    #expect(closed != nil && (closed == entry) == (kind == .endOfRun))
  }
}

extension RunLedgerTable.Placement {
  fileprivate var isAccepted: Bool { if case .accepted = self { true } else { false } }
}
