package import EventRecords
internal import Synchronization

/// What one sender has sent since start.
public final class SourceCounters: Sendable {
  /// The sender's number, or nil for records whose sender cannot be told or trusted.
  public let source: UInt32?
  /// Events that came, and records refused.
  public let received = EventCounter()
  /// Records missed, by gaps in the sequence; a late record is counted in `late` as well, so what
  /// is missing now is lost - late.
  public let lost = EventCounter()
  /// Records missed where the stream is shared with other daemons: most of them are there.
  public let elsewhere = EventCounter()
  /// Records that filled a gap after it had been counted.
  public let late = EventCounter()

  init(source: UInt32?) { self.source = source }
}

/// All runs and sources that the daemon keeps account of: fixed tables, owned by the ingest
/// thread, which alone looks entries up; the publish thread reaches an entry by its index.
package final class RunLedgerTable: @unchecked Sendable {
  package static let sourceCountMax = 64
  static let entryCount = 4 * sourceCountMax

  /// Where a record stands in its run.
  package enum Placement: Equatable, Sendable {
    case accepted(entry: Int, closedEntry: Int?)
    case refused(RecordRefusal)
  }

  /// An entry's index is its slot in the ledger's state.
  let entries: [RunLedgerEntry] = (0..<entryCount).map { _ in RunLedgerEntry() }
  /// Sender unknown first, then senders in the order in which they came.
  package let sources: SourceList
  private var currentEntries: [Int?]
  private var lastSource = 0

  /// Whether other daemons take part of the same stream: gaps are then no losses.
  private let isShared: Bool
  private let clock: PipelineClock

  /// A table without entries.
  package init(isShared: Bool = false, clock: PipelineClock = .system) {
    self.isShared = isShared
    self.clock = clock
    sources = SourceList(capacity: Self.sourceCountMax + 1)
    currentEntries = [Int?](repeating: nil, count: Self.sourceCountMax + 1)
  }

  /// Notes a record whose checksum is right, and says whether it has its place in the stream.
  /// Sequences count from 1, so a record with number 0 is refused as one that repeats.
  package func place(_ record: EventRecordView, isEvent: Bool) -> Placement {
    guard let source = sourceIndex(of: record.source) else {
      sources[0].received.add()
      return .refused(.sourceLimit)
    }
    let placement = place(record, source: source, isEvent: isEvent)
    if isEvent || placement.isRefusal { sources[source].received.add() }
    return placement
  }

  private func place(_ record: EventRecordView, source: Int, isEvent: Bool) -> Placement {
    guard record.sequence > 0 else { return .refused(.repeated) }
    let current = currentEntries[source]
    if let current, entries[current].isResumed {
      entries[current].isResumed = false
      if !entries[current].isContinued(by: record) {
        return placeInNewEntry(record, source: source, isEvent: isEvent, leaving: current)
      }
    }
    if let current, entries[current].accepts(record) {
      return note(record, in: current, source: source, isEvent: isEvent)
    }
    if let current, record.run < entries[current].run || entries[current].refusesAfterEnd(record) {
      return .refused(.runBackwards)
    }
    let left = current.flatMap { entries[$0].hasEnded ? nil : $0 }
    return placeInNewEntry(record, source: source, isEvent: isEvent, leaving: left)
  }

  private func placeInNewEntry(
    _ record: EventRecordView, source: Int, isEvent: Bool, leaving left: Int?
  ) -> Placement {
    guard let opened = freeEntry() else { return .refused(.sourceLimit) }
    if let left { entries[left].end() }
    entries[opened].open(
      run: record.run, source: record.source, openedNs: clock.realtimeNs)
    currentEntries[source] = opened
    return note(record, in: opened, source: source, isEvent: isEvent, leaving: left)
  }

  private func note(
    _ record: EventRecordView, in entry: Int, source: Int, isEvent: Bool, leaving left: Int? = nil
  ) -> Placement {
    let ledger = entries[entry]
    switch ledger.sequences.note(record.sequence) {
    case .fresh(let gap):
      if gap > 0 { (isShared ? sources[source].elsewhere : sources[source].lost).add(gap) }
    case .late:
      if !isShared { sources[source].late.add() }
    case .repeated:
      ledger.figures.repeated += 1
      ledger.figures.events += 1
      return .refused(.repeated)
    }
    if isEvent { ledger.figures.events += 1 }
    guard record.kind == .endOfRun else { return .accepted(entry: entry, closedEntry: left) }
    ledger.end()
    return .accepted(entry: entry, closedEntry: entry)
  }

  /// Goes on with what an earlier process has left open, before the first record. Returns the entries
  /// of runs that were on their way to be closed: a later run of the same source had begun.
  package func resume(_ accounts: [(slot: Int, account: DecidedAccount)]) -> [Int] {
    var passed: [Int] = []
    for (slot, account) in accounts.sorted(by: { $0.account.openedNs < $1.account.openedNs }) {
      guard slot < entries.count, let source = sourceIndex(of: account.source) else { continue }
      entries[slot].resume(account)
      if let earlier = currentEntries[source] {
        entries[earlier].isResumed = false
        entries[earlier].end()
        passed.append(earlier)
      }
      currentEntries[source] = slot
    }
    return passed
  }

  private func sourceIndex(of source: UInt32) -> Int? {
    if sources[lastSource].source == source { return lastSource }
    let index = sources.index(of: source) ?? sources.append(source)
    if let index { lastSource = index }
    return index
  }

  /// An entry whose ledger is written. There are four times as many as sources, so one is missing
  /// only while the pipeline is full of begun runs.
  private func freeEntry() -> Int? {
    entries.firstIndex { $0.isClosed.load(ordering: .acquiring) }
  }
}

extension RunLedgerTable.Placement {
  fileprivate var isRefusal: Bool {
    if case .refused = self { true } else { false }
  }
}

extension RunLedgerEntry {
  /// Whether `record` belongs to this run, which is still open.
  fileprivate func accepts(_ record: EventRecordView) -> Bool {
    record.run == run && !hasEnded
  }

  /// Whether the first record after a restart goes on with the run, as if the daemon had never stopped:
  /// one that begins the run again, or is of another one, does not.
  fileprivate func isContinued(by record: EventRecordView) -> Bool {
    record.run == run && record.sequence > 1 && record.kind != .beginOfRun
  }

  /// A run that has ended takes nothing more, unless its sender begins it again.
  fileprivate func refusesAfterEnd(_ record: EventRecordView) -> Bool {
    record.run == run && hasEnded && record.kind != .beginOfRun
  }

  fileprivate func end() {
    hasEnded = true
    takeFigures()
    closingFigures = figures
  }
}
