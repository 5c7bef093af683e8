internal import BoundedNumbers
internal import DurableFiles
internal import EventRecords
internal import Glibc
internal import NumberText
internal import RunFiles
internal import StrictJSON
internal import TriggerPipeline

/// A run of a source, begun at one time: a sender that begins it again begins another take.
struct TakeIdentity: Hashable {
  var run: UInt32
  var source: UInt32
  var openedNs: UInt64
}

/// The account of one daemon for a take or a part of it. A run that gave up its place and continued
/// has several parts.
struct TakePart: Equatable {
  var identity: TakeIdentity
  /// How often another process had resumed the run.
  var resumeCount: UInt64
  /// The sequences that were decided, as `SequenceTracker` takes and gives them.
  var ranges: [ClosedRange<UInt64>]
  var closedThrough: UInt64
  var decided: UInt64
  var highest: UInt64
  var scored: UInt64
  var notFinite: UInt64
  var flagged: UInt64
  var unbiased: UInt64
  var abandoned: AbandonedCounts
  /// Whether a further line goes on from this one, in place of being another part.
  var isGoneOnWith: Bool
  var isOpen: Bool
  var isBalanced: Bool

  /// Checked when the part was read.
  var sequences: SequenceTracker {
    SequenceTracker(seenRanges: ranges, closedThrough: closedThrough, received: decided)
      ?? SequenceTracker()
  }
}

/// Records refused, by reason.
typealias Refusals = [RecordRejection: UInt64]

/// The content of a journal's `ledger.jsonl` and `ledger.open`.
struct LedgerTakes {
  /// Takes with their parts.
  private(set) var takes: [TakeIdentity: [TakePart]] = [:]
  /// Refused records of each take.
  private(set) var refused: [TakeIdentity: Refusals] = [:]
  /// Refused records whose run is not known.
  private(set) var refusedOfUnknown: Refusals = [:]
  /// Lines and accounts that say nothing.
  private(set) var notes: [String] = []

  /// Takes what the lines of a ledger say.
  init(_ lines: JSONLines) {
    notes = lines.notes
    note(lines.places)
  }

  private mutating func note(_ lines: [JSONPlace]) {
    for line in lines {
      do throws(FileFault) {
        try note(line)
      } catch {
        notes.append("\(error)")
      }
    }
  }

  /// Reads the ledger of the journal in `folder`.
  init(journal folder: String) throws {
    // Read before the lines: the account of a run that is closed meanwhile goes after its line has come.
    let open = try RunAccountFile.accounts(inFolder: folder)
    note(try Self.lines(inFolder: folder, &notes))
    notes += open.notes
    let store = DiskFolder(folder)
    notes += try RunAccountFile.damageSetAside(in: store)
    notes += try store.names().filter { $0.hasPrefix(FlaggedJournal.ledgerName + asideSuffix) }.map
    {
      "\(store.path(of: $0)): set aside; what it says of closed runs is in no ledger"
    }
    for each in open.accounts {
      let part = TakePart(each.account)
      if isTold(part) { continue }
      note(part)
      refused[part.identity, default: [:]].add(
        Refusals(each.refused.map { ($0.reason, $0.count) }, uniquingKeysWith: { $0 +| $1 }))
    }
  }

  /// The lines of `ledger.jsonl`, of which there are none where a journal has lost it.
  private static func lines(
    inFolder folder: String, _ notes: inout [String]
  ) throws -> [JSONPlace] {
    let path = "\(folder)/\(FlaggedJournal.ledgerName)"
    do {
      let lines = try JSONLines(path)
      notes += lines.notes
      return lines.places
    } catch let error as SystemCallError {
      // A journal has its lock first: the process that began it may have ended before it had the rest.
      let ours = [FlaggedJournal.lockName, FlaggedJournal.accountsName]
      let isJournal = try DiskFolder(folder).names().contains(where: ours.contains)
      guard isJournal, error.code == ENOENT || error.isNoRegularFile else { throw error }
      notes.append("\(error); the runs that were closed cannot be told")
      return []
    }
  }

  private mutating func note(_ line: JSONPlace) throws(FileFault) {
    if try line.member("closing").string() == "refused" { return try noteRefusals(line) }
    let part = try TakePart(line)
    note(part)
    // A line of an earlier version has the refused records among its sums.
    let refusals =
      try line.optionalMember("refused") == nil
      ? [.repeated: try line.optionalMember("repeated")?.integer(in: 0...UInt64.max) ?? 0]
      : try Refusals(line)
    refused[part.identity, default: [:]].add(refusals)
  }

  private mutating func noteRefusals(_ line: JSONPlace) throws(FileFault) {
    let refusals = try Refusals(line)
    let run = try line.member("run").unlessNull { place throws(FileFault) -> UInt32 in
      try place.integer(in: 0...UInt32.max)
    }
    guard let run else { return refusedOfUnknown.add(refusals) }
    let identity = TakeIdentity(
      run: run, source: try line.member("source").integer(in: 0...UInt32.max),
      openedNs: try line.member("opened_ns").integer(in: 0...UInt64.max))
    refused[identity, default: [:]].add(refusals)
  }

  /// Whether a line has all that an open account has. The account of a closed run stays until its line
  /// is on the disk, and that of a run that the end of its process has cut stays for the next one. The
  /// line has more: the events received and not decided, and after a power failure the last ones
  /// decided.
  private func isTold(_ account: TakePart) -> Bool {
    takes[account.identity]?.contains { !$0.isOpen && $0.resumeCount >= account.resumeCount }
      ?? false
  }

  /// Where lines continue one another the last one counts. Open accounts of one take are parts of it.
  private mutating func note(_ part: TakePart) {
    if let last = takes[part.identity]?.last, last.isGoneOnWith, !last.isOpen {
      takes[part.identity]?.removeLast()
    }
    takes[part.identity, default: []].append(part)
  }
}

extension Refusals {
  mutating func add(_ other: Refusals) {
    for (reason, count) in other where count > 0 { self[reason, default: 0] +|= count }
  }

  /// The member `refused` of a line. An unknown reason, such as one of a later version, is left
  /// out.
  fileprivate init(_ line: JSONPlace) throws(FileFault) {
    self.init()
    for (name, count) in try line.member("refused").members() {
      if let reason = RecordRejection(rawValue: name) {
        self[reason] = try count.integer(in: 0...UInt64.max)
      }
    }
  }

  /// In the order of all reasons.
  var ordered: [RefusedCount] {
    RecordRejection.allCases.compactMap { reason in
      self[reason].flatMap { $0 > 0 ? RefusedCount(reason: reason, count: $0) : nil }
    }
  }
}

extension AbandonedCounts {
  /// The member `abandoned` of a line; lines of before 2026-11-27 have none.
  fileprivate init(_ line: JSONPlace) throws(FileFault) {
    self.init()
    for (name, count) in try line.optionalMember("abandoned")?.members() ?? [] {
      set(name, try count.integer(in: 0...UInt64.max))
    }
  }
}

extension TakePart {
  init(_ account: DecidedAccount) {
    self.init(
      identity: TakeIdentity(
        run: account.run, source: account.source, openedNs: account.openedNs),
      resumeCount: account.resumeCount,
      ranges: account.decided.seenRanges, closedThrough: account.decided.closedSequence,
      decided: account.decided.received,
      highest: max(account.decided.highest, account.expected),
      scored: account.scored, notFinite: account.notFinite, flagged: account.flagged,
      unbiased: account.unbiased, abandoned: account.abandoned, isGoneOnWith: true,
      isOpen: true, isBalanced: true)
  }

  init(_ place: JSONPlace) throws(FileFault) {
    func count(_ name: String) throws(FileFault) -> UInt64 {
      try place.member(name).integer(in: 0...UInt64.max)
    }
    let ranges = try place.member("decided_ranges").map {
      range throws(FileFault) -> ClosedRange<UInt64> in
      let ends = try range.elements()
      guard ends.count == 2 else {
        throw range.fault(found: counted(ends.count, "number"), expected: "[first, last]")
      }
      let first = try ends[0].integer(in: 1...UInt64.max)
      return first...(try ends[1].integer(in: first...UInt64.max))
    }
    let closing = try place.member("closing").string()
    self.init(
      identity: TakeIdentity(
        run: try place.member("run").integer(in: 0...UInt32.max),
        source: try place.member("source").integer(in: 0...UInt32.max),
        openedNs: try count("opened_ns")),
      resumeCount: try place.optionalMember("resumed")?.integer(in: 0...UInt64.max) ?? 0,
      ranges: ranges, closedThrough: try count("closed_through"),
      decided: try count("decided"), highest: try count("expected"),
      scored: try count("scored"), notFinite: try count("not_finite"),
      flagged: try count("flagged"), unbiased: try count("unbiased"),
      abandoned: try AbandonedCounts(place),
      isGoneOnWith: closing != RunLedgerReport.Closing.silence.rawValue
        && closing != RunLedgerReport.Closing.nextRun.rawValue,
      isOpen: false, isBalanced: try place.member("balanced").bool())
    guard
      let sequences = SequenceTracker(
        seenRanges: ranges, closedThrough: closedThrough, received: decided)
    else {
      throw place.fault(
        found: "ranges that do not ascend or do not go with `decided`",
        expected: "the ledger as the daemon has written it")
    }
    if highest < sequences.highest { highest = sequences.highest }
  }
}
