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
    #expect(place(.event, run: 4, sequence: 1) == .refused(.runBackwards))
    #expect(place(.endOfRun, run: 5, sequence: 7) == .accepted(entry: 0, closedEntry: 0))
    #expect(place(.event, run: 5, sequence: 8) == .refused(.runBackwards))
    #expect(table.sources[1].received.value == 7)
  }

  @Test func aNextRunClosesTheOneBefore() {
    let table = RunLedgerTable()
    _ = place(.event, run: 1, source: 3, sequence: 1, in: table)
    #expect(
      place(.event, run: 2, source: 3, sequence: 1, in: table)
        == .accepted(entry: 1, closedEntry: 0))
    #expect(place(.event, run: 1, source: 3, sequence: 2, in: table) == .refused(.runBackwards))
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
