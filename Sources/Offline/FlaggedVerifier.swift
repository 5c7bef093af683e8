package import DurableFiles
internal import EventRecords
package import RunFiles
internal import StrictJSON
package import TriggerPipeline

/// Compares the flagged records of a daemon with the decisions of the rule on the recorded input,
/// event by event in input order: decision, score, attributions and the event itself, bit for bit.
package struct FlaggedVerifier {
  /// Events that were compared.
  package private(set) var eventCount = 0
  /// Flagged records that were found equal.
  package private(set) var identicalCount = 0
  /// Of these, the records that each working point kept, and those that it alone kept.
  package private(set) var keptByPoint: [(flagged: Int, alone: Int)]
  /// Events that another model or calibration decided, as the journal's history says: not compared.
  package private(set) var foreignCount = 0
  /// Events that the ledger says no daemon decided: not compared.
  package private(set) var undecidedCount = 0
  /// Events to be flagged that have no record, where the ledger does not tell whether they were
  /// decided: not compared.
  package private(set) var uncertainCount = 0
  /// Events to be flagged whose records retention has deleted, since they are older than the
  /// journal's oldest record: they cannot be compared.
  package private(set) var deletedCount = 0
  /// Events to be flagged whose record is damaged, or in a segment that cannot be read: they cannot
  /// be compared.
  package private(set) var damagedCount = 0
  /// Events of which it is not known what decided them: those without a record near a change whose
  /// place among them is not known, and those under a prescale table whose line is damaged. Not
  /// compared.
  package private(set) var unplacedCount = 0
  /// Decisions that were compared, over all takes.
  package private(set) var comparedCount = 0
  /// Records of runs and sources that the input does not have; known after `finish`.
  package var otherRecordCount: Int { others.count }
  /// Damaged records in the journal, as far as it was read.
  package var damagedRecordCount: Int { walk.damagedCount }
  /// The first difference, in words that name the event and the field; nil while there is none.
  package private(set) var firstDifference: String?

  let flagged: RecordedRun
  let featureCount: Int
  /// The rule, with the unbiased prescale that held at the last event compared.
  private(set) var rule: DecisionRule
  /// The factors of the rule, as the journal states them: empty for 1 everywhere.
  private var followedFactors: [Float] = []
  private var followedTable: String?
  let model: SHA256Digest
  let calibration: SHA256Digest
  let rarity: RecordRarity
  /// The history of decisions; nil where the journal has none, and one rule decided all events.
  private var history: DecisionHistory?
  /// Whether events that the ledger does not have as decided are left out.
  private let leavesOutUndecided: Bool
  /// Takes of the input's runs and sources, where there is a ledger.
  private(set) var takes: [Stream: [StreamAccount]] = [:]
  /// Whether there is a ledger, and whether all of it can be read.
  private let ledgerState: (isThere: Bool, isWhole: Bool)
  /// The take that is compared, from 1.
  private var take = 1
  /// Lines of the journal's history that cannot be read, and prescale tables that have none.
  package var damagedLineCount: Int { (history?.notes.count ?? 0) + lostTables.count }
  private var lostTables: Set<String> = []
  /// How often a run and source of the input was taken, as the ledger has it.
  package private(set) var takeCount = 1
  /// The input's runs and sources.
  private let streams: Set<Stream>
  /// Through the flagged records of `streams` that the model and calibration decided.
  private var walk: FlaggedWalk
  /// Through all flagged records of `streams`.
  private var order: FlaggedWalk
  private let others = Others()
  let gaps: JournalGaps
  /// Indices of the doubtful gaps that have lost records.
  private(set) var lostGaps: Set<Int> = []
  /// What `streamsLackingRecords` found, once it was needed.
  var lacking: [Stream: Counts]?
  /// Runs and sources of the events in `uncertainCount`.
  private(set) var uncertainStreams: Set<Stream> = []
  /// What of these the journal lacks and `gaps` do not explain, in words; known after `finish`.
  var lackingTexts: [String] = []

  private final class Others { var count = 0 }

  struct Stream: Hashable {
    var run: UInt32
    var source: UInt32
  }

  /// Prepares the comparison of `flagged`, a journal, with the events of `input`.
  ///
  /// - Parameters:
  ///   - rule: that of `calibration`.
  ///   - history: what decided when, where the journal says it. Events that others decided are
  ///     left out, and the cap on a flood is taken into account.
  ///   - ledger: tells how often each run was taken, where the journal has one.
  ///   - decidedOnly: whether events that the ledger does not have as decided are left out.
  package init(
    flagged: RecordedRun, input: EventSource, rule: DecisionRule, model: SHA256Digest,
    calibration: SHA256Digest, rarity: RecordRarity,
    history: DecisionHistory? = nil, ledger: StreamLedger? = nil, decidedOnly: Bool = false
  ) {
    self.flagged = flagged
    self.rule = rule
    keptByPoint = rule.routes.map { _ in (0, 0) }
    self.model = model
    self.calibration = calibration
    self.rarity = rarity
    self.history = history
    leavesOutUndecided = decidedOnly
    featureCount = input.featureCount
    let streams = Set(
      (0..<input.eventCount).lazy.map { index in
        let identity = input.identity(at: index)
        return Stream(run: identity.run, source: identity.source)
      })
    if let ledger {
      for stream in streams {
        takes[stream] = ledger.decidedTakes(run: stream.run, source: stream.source)
      }
      takeCount = max(1, takes.values.map(\.count).max() ?? 1)
    }
    self.streams = streams
    ledgerState = (ledger != nil, ledger?.notes.isEmpty ?? false)
    let gaps = JournalGaps(flagged, history: history)
    self.gaps = gaps
    let leavesOthers = history != nil
    order = FlaggedWalk(flagged, gaps: gaps) { [others] record in
      let isOurs = streams.contains(Stream(run: record.event.run, source: record.event.source))
      if !isOurs { others.count += 1 }
      return isOurs
    }
    walk = FlaggedWalk(flagged, gaps: gaps) { record in
      // Without a history a record of another generation is a difference; with one its event is
      // left out.
      if leavesOthers, record.model != model.prefix || record.calibration != calibration.prefix {
        return false
      }
      return streams.contains(Stream(run: record.event.run, source: record.event.source))
    }
  }

  /// Compares the next event of the input; `features` are its D raw ones.
  package mutating func check(
    _ event: OfflineEvent, features: UnsafeBufferPointer<Float>
  ) {
    if take == 1 { eventCount += 1 }
    guard firstDifference == nil else { return }
    let identity = event.identity
    let accounts = takes[Stream(run: identity.run, source: identity.source)] ?? []
    if take > max(1, accounts.count) { return }
    let following = order.peek()
    let decider = history?.decider(of: identity, upTo: following?.number ?? .max) {
      [streams] event in streams.contains(Stream(run: event.run, source: event.source))
    }
    if let following, EventIdentity(following.event) == identity {
      order.take()
      history?.notePlace()
    }
    if let decider, !isOurs(decider) {
      foreignCount += 1
      return
    }
    // A kill may leave records whose events the ledger counts as missing: what has one was decided.
    let hasRecord = walk.peek().map { EventIdentity($0.event) } == identity
    if leavesOutUndecided, !hasRecord,
      accounts.isEmpty || !accounts[take - 1].isDecided(identity.sequence)
    {
      undecidedCount += 1
      return
    }
    if let decider, !follow(decider, event) { return }
    let decision = rule.decide(
      score: event.score, condition: event.condition, hash: identity.prescaleHash,
      floodPrescale: decider?.floodPrescale ?? 1,
      isSimulated: event.isSimulated && decider?.setsSimulatedApart ?? true,
      prescaleRow: rule.prescaleRow(of: event))
    guard let wanted = decision ?? unflaggedDecision(of: identity) else {
      // That it has no record says something only where it was decided, and by this rule.
      if !mayBeUndecided(identity, accounts), isPlaceKnown { comparedCount += 1 }
      return
    }
    if isDeleted(identity) {
      deletedCount += 1
      return
    }
    let found = walk.peek()
    if found.map({ EventIdentity($0.event) }) != identity, mayLackRecord(identity, accounts) {
      return
    }
    comparedCount += 1
    guard let found else {
      firstDifference = inTake("\(identity): to be flagged, but the journal ends before it")
      return
    }
    walk.take()
    firstDifference = difference(event, wanted, features, found).map(inTake)
    if firstDifference == nil {
      identicalCount += 1
      if !event.isSimulated { count(wanted.workingPoints) }
    }
  }

  /// Whether an event to be flagged may be without a record, though the daemon is right; counts it
  /// under the reason. Where a start after a kill left out numbers, and names of segments with them, an
  /// event that may have gone elsewhere is no sign of a missing segment.
  private mutating func mayLackRecord(
    _ event: EventIdentity, _ accounts: [StreamAccount]
  ) -> Bool {
    if walk.takeDamaged() {
      damagedCount += 1
    } else if !walk.doubtfulBefore.isEmpty, isLost(event, accounts) {
      damagedCount += 1
    } else if mayBeUndecided(event, accounts) {
      uncertainCount += 1
      uncertainStreams.insert(Stream(run: event.run, source: event.source))
    } else if !isPlaceKnown {
      unplacedCount += 1
    } else {
      return false
    }
    return true
  }

  private var isPlaceKnown: Bool { history?.isPlaceKnown ?? true }

  /// Whether an event to be flagged that has no record may have had one in a segment that is missing: in
  /// a doubtful gap before the walk's current record. Notes the gap, unless the segments that are known to
  /// be missing explain the event as well.
  private mutating func isLost(_ event: EventIdentity, _ accounts: [StreamAccount]) -> Bool {
    let isKnown: Bool
    if take <= accounts.count {
      let account = accounts[take - 1]
      guard account.isDecided(event.sequence) else { return false }
      isKnown = event.sequence > account.closedThrough && isPlaceKnown
    } else {
      guard !ledgerState.isThere else { return false }
      isKnown = true
    }
    if !isKnown {
      // Whether this event was decided, or by which rule, nobody knows; the sums tell of all of them.
      let found = lacking ?? streamsLackingRecords()
      lacking = found
      guard found[Stream(run: event.run, source: event.source)] != nil else { return false }
    }
    if isKnown || gaps.certain.isEmpty { lostGaps.formUnion(walk.doubtfulBefore) }
    return true
  }

  /// Whether the ledger does not tell if an event was decided. One without a record is then compared with
  /// nothing.
  private func mayBeUndecided(_ event: EventIdentity, _ accounts: [StreamAccount]) -> Bool {
    leavesOutUndecided && take <= accounts.count
      && event.sequence <= accounts[take - 1].closedThrough
  }

  private mutating func count(_ workingPoints: UInt16) {
    for point in keptByPoint.indices where workingPoints >> UInt16(point) & 1 == 1 {
      keptByPoint[point].flagged += 1
      if workingPoints.nonzeroBitCount == 1 { keptByPoint[point].alone += 1 }
    }
  }

  /// Takes over what decided an event; false where the event cannot be compared, which is counted
  /// or told.
  private mutating func follow(_ decider: DecisionChange, _ event: OfflineEvent) -> Bool {
    let identity = event.identity
    rule = rule.with(unbiasedPrescale: decider.unbiasedPrescale)
    if !follow(decider.factors) {
      firstDifference =
        "\(identity): decisions.jsonl has \(decider.factors.count) factors, and the "
        + "calibration \(rule.routes.count) working points"
      return false
    }
    if let table = decider.prescaleTable, history?.prescaleTables[table] == nil {
      // Its line is damaged or gone: what this event's prescale was is not known.
      lostTables.insert(table)
      unplacedCount += 1
      if walk.peek().map({ EventIdentity($0.event) }) == identity { walk.take() }
      return false
    }
    if let fault = follow(tableOf: decider, event) {
      firstDifference = "\(identity): \(fault)"
      return false
    }
    return true
  }

  /// Takes over the factors of rate control; false where there is not one a working point.
  private mutating func follow(_ factors: [Float]) -> Bool {
    guard factors != followedFactors else { return true }
    guard factors.isEmpty || factors.count == rule.routes.count else { return false }
    followedFactors = factors
    rule = rule.with(factors: factors)
    return true
  }

  /// Takes over the table of prescales by section or time; returns why it cannot.
  private mutating func follow(tableOf decider: DecisionChange, _ event: OfflineEvent) -> String? {
    if event.record == nil, rule.prescales?.axis == .time {
      return "prescales go by time, and an array has no times: compare with recorded events"
    }
    guard decider.prescaleTable != followedTable else { return nil }
    let table = decider.prescaleTable.flatMap { history?.prescaleTables[$0] }
    if let table, table.pointCount != rule.routes.count {
      return "the prescale table \(table.identity) has \(table.pointCount) working points, and the "
        + "calibration \(rule.routes.count)"
    }
    followedTable = decider.prescaleTable
    rule = rule.with(prescales: table)
    return follow(tableOf: decider, event)
  }

  private func isOurs(_ decider: DecisionChange) -> Bool {
    decider.model == model.description && decider.calibration == calibration.description
  }

  /// While everything was published the journal has the events that nothing keeps as well.
  private mutating func unflaggedDecision(of identity: EventIdentity) -> Decision? {
    guard let found = walk.peek(), found.reasons.isEmpty, EventIdentity(found.event) == identity
    else { return nil }
    return .unflagged
  }

  /// Whether the record of an event to be flagged may have been deleted: it comes before the oldest
  /// that is left.
  private mutating func isDeleted(_ identity: EventIdentity) -> Bool {
    guard flagged.deleted.number > 0, identicalCount == 0 else { return false }
    return walk.peek().map { EventIdentity($0.event) } != identity
  }

  /// Begins the comparison of the input's next take, for which every event is to be checked again.
  /// False where there is none: a sender that begins a run again begins another take of it.
  package mutating func beginNextTake() -> Bool {
    guard firstDifference == nil, take < takeCount else { return false }
    // Retention takes the oldest: what is left is of the last takes.
    if flagged.deleted.number > 0, walk.peek() == nil { return false }
    take += 1
    return true
  }

  private func inTake(_ text: String) -> String {
    takeCount > 1 ? "take \(take): \(text)" : text
  }

  /// The journal's missing records, in words; known after `finish`.
  package var missing: [String] { gaps.missing(lost: lostGaps) + lackingTexts }

  /// Whether records are missing that may be of events that this pair decided. Others that are missing do
  /// not matter to the comparison. Known after `finish`.
  package var isIncomplete: Bool {
    !missing.isEmpty && damagedCount > 0 || !lackingTexts.isEmpty
  }

  /// Whether the journal has nothing of the input's runs and sources: no record, and no account in the
  /// ledger. Known after `finish`. Without a whole ledger only records of others tell that the journal
  /// is not simply empty.
  package var isOfOthersAlone: Bool {
    order.takenCount == 0 && takes.values.allSatisfy(\.isEmpty)
      && (ledgerState.isWhole || others.count > 0)
  }

  /// Says whether the journal holds more than the input explains. Call it after the last event.
  package mutating func finish() {
    while order.peek() != nil { order.take() }
    tellOfLackingRecords()
    guard firstDifference == nil, let surplus = walk.peek() else { return }
    firstDifference = inTake(
      "\(EventIdentity(surplus.event)): flagged as number \(surplus.number), but not to be flagged")
  }
}
