internal import BoundedNumbers
package import EventRecords
internal import Synchronization

/// The runs and sources that the daemon keeps account of, in tables of fixed size. The ingest
/// thread owns them and alone looks entries up. The publish thread reaches an entry by its index.
///
/// Any record of a run that is not known opens it, whatever its number. A source may have
/// `openRunsOfSourceMax` runs open. One more closes the run that has been silent longest. Runs and
/// sources that are silent for `silenceNs` give up their place. Where a place is needed,
/// `busySilenceNs` is enough.
///
/// `@unchecked`: its state belongs to the ingest thread. The list of entries is constant, and
/// `RunLedgerEntry` states which thread owns which part of an entry.
package final class RunLedgerTable: @unchecked Sendable {
  package static let sourceCountMax = 64
  /// Runs of all sources that are open or on their way to be closed.
  package static let entryCount = 256
  package static let openRunsOfSourceMax = 8
  /// The longest silence after which a run or source gives its place to another.
  package static let busySilenceNsMax: UInt64 = 10_000_000_000

  /// The place of a record in its run.
  package enum Placement: Equatable, Sendable {
    /// It belongs to `entry`. `closedEntry` is closed with it: after the record where it is the
    /// same entry (an end of run), before the record where it is another (a run that this one
    /// replaces).
    case accepted(entry: Int, closedEntry: Int?)
    /// It has no place.
    case refused(RecordRejection)
    /// All entries are on their way to be closed: ask again when some are.
    case wait
  }

  /// An entry's index is its slot in the ledger's state.
  let entries: [RunLedgerEntry] = (0..<entryCount).map { _ in RunLedgerEntry() }
  /// Sender unknown first, then those that have a place.
  package let sources: SourceList
  /// Refused records that are to be reported.
  let refusals = RefusalBook(entryCount: entryCount)
  /// Entries that are to be closed without a record that says so.
  let pendingClosings = Atomic<Int>(0)
  /// Whether a run waits for an entry: closed ones are to be freed at once.
  let lacksEntry = Atomic<Bool>(false)
  /// Since when some run has been open without a pause, ns since the epoch; 0 while none is open.
  package let runOpenSinceNs = AtomicCounter()
  private var openCount = 0
  /// Moves with the time of the ingest thread's turns.
  private(set) var nowNs: UInt64
  /// Where the next record goes in the ring. The ingest thread's.
  var position = 0

  // By entry: its run and source, the place of the source, the time of the last record; and whether
  // it takes records.
  let keys: UnsafeMutablePointer<UInt64>
  let isOpen: UnsafeMutablePointer<Bool>
  let places: UnsafeMutablePointer<Int>
  let activeNs: UnsafeMutablePointer<UInt64>
  /// By place of a source.
  let sourceActiveNs: UnsafeMutablePointer<UInt64>
  var closedRuns = ClosedRuns()

  /// The entry of the record before; -1 for none.
  var latest = -1
  /// The sequence that follows that of the record before, and whether a record that has it can be
  /// taken without a look at the ranges.
  private var nextSequence: UInt64 = 0
  private var canFollow = false
  /// Events that were taken in this way and are not in the sums yet.
  private var followerCount: UInt64 = 0
  /// For each key modulo `entryCount`, the entry that had it last: where to look first.
  private let hints: UnsafeMutablePointer<Int>
  private var latestSource = 0
  private var lastOpenedNs: UInt64 = 0
  private var lastLookNs: UInt64

  /// Whether other daemons take a part of the same stream. Gaps are then no losses.
  private let isShared: Bool
  let silenceNs: UInt64
  private let clock: PipelineClock

  var busySilenceNs: UInt64 { min(silenceNs, Self.busySilenceNsMax) }

  /// A table without entries.
  package init(
    isShared: Bool = false, silenceNs: UInt64 = 3_600_000_000_000, clock: PipelineClock = .system
  ) {
    self.isShared = isShared
    self.silenceNs = silenceNs
    self.clock = clock
    nowNs = clock.monotonicNs
    lastLookNs = nowNs
    sources = SourceList(capacity: Self.sourceCountMax + 1)
    func table<Element>(_ count: Int, _ value: Element) -> UnsafeMutablePointer<Element> {
      let memory = UnsafeMutablePointer<Element>.allocate(capacity: count)
      memory.initialize(repeating: value, count: count)
      return memory
    }
    keys = table(Self.entryCount, 0)
    isOpen = table(Self.entryCount, false)
    places = table(Self.entryCount, 0)
    hints = table(Self.entryCount, 0)
    activeNs = table(Self.entryCount, 0)
    sourceActiveNs = table(Self.sourceCountMax + 1, 0)
  }

  convenience init(_ settings: PipelineSettings) {
    self.init(
      isShared: settings.isInputShared,
      silenceNs: UInt64(clamping: settings.inputSilenceS) *| 1_000_000_000, clock: settings.clock)
  }

  deinit {
    keys.deallocate()
    isOpen.deallocate()
    places.deallocate()
    hints.deallocate()
    activeNs.deallocate()
    sourceActiveNs.deallocate()
  }

  /// The entry of an event that follows the record before in its run; nil for all others, which
  /// `place` takes. The sums get it with `settle`.
  @inline(__always)
  package func placeFollower(_ record: EventRecordView) -> Int? {
    let sequence = record.sequence
    guard canFollow, sequence == nextSequence, sequence > 0, record.isEvent,
      keys[latest] == runKey(run: record.run, source: record.source)
    else { return nil }
    nextSequence = sequence &+ 1
    followerCount += 1
    return latest
  }

  /// Enters the followers in the sums. Must be called before another thread or the end of a run
  /// looks at them: at the end of each message.
  package func settle() {
    guard followerCount > 0 else { return }
    let ledger = entries[latest]
    ledger.sequences.note(nextSequence &- followerCount, count: followerCount)
    ledger.figures.events &+= followerCount
    let place = places[latest]
    sources[place].received.addSaturated(followerCount)
    activeNs[latest] = nowNs
    sourceActiveNs[place] = nowNs
    followerCount = 0
  }

  /// Notes a record with a right checksum, and returns whether it has a place in the stream.
  /// Sequences count from 1. A record with sequence 0 is refused as repeated. O(1) for the run and
  /// source of the record before, else O(`entryCount`); allocates nothing.
  package func place(_ record: EventRecordView, isEvent: Bool) -> Placement {
    settle()
    canFollow = false
    let key = runKey(run: record.run, source: record.source)
    if latest >= 0, keys[latest] == key { return note(record, in: latest, isEvent: isEvent) }
    if let entry = openEntry(of: key) {
      if !entries[entry].isResumed {
        latest = entry
        return note(record, in: entry, isEvent: isEvent)
      }
      // The first record after a restart decides whether the run continues.
      if beginsAnew(record) { return placeInNewEntry(record, key, isEvent, leaving: entry) }
      entries[entry].isResumed = false
      return note(record, in: entry, isEvent: isEvent)
    }
    return placeInNewEntry(record, key, isEvent, leaving: nil)
  }

  /// Counts a record that was refused before it could be placed, under the run that `record`
  /// states, where that can be trusted.
  package func noteRefused(_ reason: RecordRejection, record: EventRecordView?) {
    guard let record, let entry = openEntry(of: runKey(run: record.run, source: record.source))
    else {
      let place = record.flatMap { sources.index(of: $0.source) } ?? 0
      return count(refused: reason, place: place, row: refusals.unknownRow)
    }
    count(refused: reason, place: places[entry], row: entry)
  }

  private func note(
    _ record: EventRecordView, in entry: Int, isEvent: Bool, leaving left: Int? = nil,
    isContinued: Bool = false
  ) -> Placement {
    let ledger = entries[entry]
    let place = places[entry]
    activeNs[entry] = nowNs
    sourceActiveNs[place] = nowNs
    let outcome = record.sequence > 0 ? ledger.sequences.note(record.sequence) : .repeated
    switch outcome {
    case .fresh(let gap):
      // A part of a continued run does not know which records came before it.
      if gap > 0, !isContinued {
        (isShared ? sources[place].elsewhere : sources[place].lost).addSaturated(gap)
      }
    case .late:
      if !isShared { sources[place].late.addSaturated(1) }
    case .repeated:
      ledger.figures.repeated += 1
      ledger.figures.events &+= 1
      count(refused: .repeated, place: place, row: entry)
      return .refused(.repeated)
    }
    if isEvent {
      ledger.figures.events &+= 1
      sources[place].received.addSaturated(1)
    }
    guard record.kind == .endOfRun else {
      canFollow = entry == latest && record.sequence == ledger.sequences.highest
      nextSequence = record.sequence &+ 1
      return .accepted(entry: entry, closedEntry: left)
    }
    end(entry, hasEnded: true)
    return .accepted(entry: entry, closedEntry: entry)
  }

  /// A record of a run that is not open, or one that begins a run again which an earlier process
  /// has left open.
  private func placeInNewEntry(
    _ record: EventRecordView, _ key: UInt64, _ isEvent: Bool, leaving resumed: Int?
  ) -> Placement {
    let closed = resumed == nil ? closedRuns.closed(key) : nil
    if let closed, closed.hasEnded, record.kind != .beginOfRun {
      let row = refusals.row(ofEnded: key, openedNs: closed.openedNs)
      count(refused: .runEnded, place: placeOfKnown(record.source), row: row)
      return .refused(.runEnded)
    }
    // A record with sequence 0 opens no run, and closes none to make room.
    guard record.sequence > 0 else {
      count(refused: .repeated, place: placeOfKnown(record.source), row: refusals.unknownRow)
      return .refused(.repeated)
    }
    guard let place = placeOfSource(record.source) else {
      count(refused: .sourceLimit, place: 0, row: refusals.unknownRow)
      return .refused(.sourceLimit)
    }
    guard let entry = freeEntry() else {
      lacksEntry.store(true, ordering: .relaxed)
      if pendingClosings.load(ordering: .relaxed) > 0 || hasEntryOnItsWay { return .wait }
      guard giveUpSilentRun() else {
        count(refused: .sourceLimit, place: place, row: refusals.unknownRow)
        return .refused(.sourceLimit)
      }
      return .wait
    }
    var left = resumed ?? surplusRun(ofPlace: place)
    if let leaving = left {
      end(leaving, hasEnded: false)
      // A record can close only one run, and this record closes its own.
      if record.kind == .endOfRun {
        closeBehind(leaving)
        left = nil
      }
    }
    let isContinued = closed.map { !$0.hasEnded } ?? false && !beginsAnew(record)
    entries[entry].open(
      run: record.run, source: record.source,
      openedNs: isContinued ? closed?.openedNs ?? 0 : freshOpenedNs(),
      resumeCount: isContinued ? (closed?.resumeCount ?? 0) +| 1 : 0)
    enter(entry, key: key, place: place)
    latest = entry
    return note(
      record, in: entry, isEvent: isEvent, leaving: left, isContinued: isContinued)
  }

  private func beginsAnew(_ record: EventRecordView) -> Bool {
    record.kind == .beginOfRun || record.sequence <= 1
  }

  func enter(_ entry: Int, key: UInt64, place: Int) {
    keys[entry] = key
    places[entry] = place
    activeNs[entry] = nowNs
    sourceActiveNs[place] = nowNs
    isOpen[entry] = true
    openCount += 1
    if openCount == 1 { runOpenSinceNs.set(max(1, clock.realtimeNs)) }
  }

  /// A take that begins later has a later time, also where the clock stands still or goes back.
  private func freshOpenedNs() -> UInt64 {
    lastOpenedNs = max(clock.realtimeNs, lastOpenedNs +| 1)
    return lastOpenedNs
  }

  private func count(refused reason: RecordRejection, place: Int, row: Int) {
    sources[place].received.addSaturated(1)
    sources[place].refused.addSaturated(1)
    refusals.add(reason, row: row)
  }

  /// The place of a source that has one, else the unknown one's.
  private func placeOfKnown(_ source: UInt32) -> Int { sources.index(of: source) ?? 0 }

  private func placeOfSource(_ source: UInt32) -> Int? {
    if sources[latestSource].source == source { return latestSource }
    var place = sources.index(of: source) ?? sources.take(source)
    if place == nil, giveUpSilentSource() { place = sources.take(source) }
    if let place { latestSource = place }
    return place
  }

  private func openEntry(of key: UInt64) -> Int? {
    // Runs of one number differ by their source, sources of one number by their run.
    let hint = Int(truncatingIfNeeded: key ^ key >> 32) & (Self.entryCount - 1)
    let hinted = hints[hint]
    if keys[hinted] == key && isOpen[hinted] { return hinted }
    for entry in 0..<Self.entryCount where keys[entry] == key && isOpen[entry] {
      hints[hint] = entry
      return entry
    }
    return nil
  }

  /// An entry whose ledger is written.
  private func freeEntry() -> Int? {
    entries.firstIndex { $0.isClosed.load(ordering: .acquiring) }
  }

  private var hasEntryOnItsWay: Bool {
    (0..<Self.entryCount).contains {
      !isOpen[$0] && !entries[$0].isClosed.load(ordering: .acquiring)
    }
  }

  /// Takes no more records into a run.
  func end(_ entry: Int, hasEnded: Bool) {
    isOpen[entry] = false
    openCount -= 1
    if openCount == 0 { runOpenSinceNs.set(0) }
    if latest == entry { (latest, canFollow) = (-1, false) }
    entries[entry].end()
    closedRuns.note(
      keys[entry],
      ClosedRuns.Closed(
        openedNs: entries[entry].openedNs, resumeCount: entries[entry].resumeCount,
        hasEnded: hasEnded))
  }

  /// The ingest thread begins a turn. Runs and sources that have been silent too long give up their
  /// places.
  package func beginTurn() {
    nowNs = clock.monotonicNs
    guard nowNs -| lastLookNs >= min(1_000_000_000, silenceNs) else { return }
    lastLookNs = nowNs
    giveUpSilent()
  }

  /// Resumes the runs that an earlier process has left open, before the first record. Returns the
  /// entries that have to be closed at once because their source has no place.
  package func resume(_ accounts: [(slot: Int, account: DecidedAccount)]) -> [Int] {
    var passed: [Int] = []
    for (slot, account) in accounts.sorted(by: { $0.account.openedNs > $1.account.openedNs }) {
      guard slot < entries.count else { continue }
      entries[slot].resume(account)
      let key = runKey(run: account.run, source: account.source)
      // Of several takes of a run the latest is resumed.
      guard openEntry(of: key) == nil, let place = placeOfSource(account.source) else {
        entries[slot].end()
        passed.append(slot)
        continue
      }
      enter(slot, key: key, place: place)
    }
    return passed
  }

  /// Remembers runs that were closed before this process, the one closed last at the end.
  package func remember(_ closed: [ClosedBefore]) {
    for each in closed {
      closedRuns.note(
        runKey(run: each.run, source: each.source),
        ClosedRuns.Closed(
          openedNs: each.openedNs, resumeCount: each.resumeCount, hasEnded: each.hasEnded))
    }
  }
}

/// Run and source in one word.
package func runKey(run: UInt32, source: UInt32) -> UInt64 { UInt64(run) << 32 | UInt64(source) }
