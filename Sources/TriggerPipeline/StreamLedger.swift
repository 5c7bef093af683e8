internal import DurableFiles
internal import EventRecords
internal import StrictJSON

/// The account of one run and source over all daemons that took part in it, and over their restarts.
public struct StreamAccount: Equatable, Sendable {
  /// The run.
  public var run: UInt32
  /// The sender.
  public var source: UInt32
  /// From 1; a sender that begins a run again begins another take of it.
  public var take: Int
  /// Records the sender has sent, as far as any daemon knows: the highest sequence number.
  public var expected: UInt64
  /// Different records that some daemon decided: expected = decided + missing.
  public var decided: UInt64
  /// Records that no daemon decided: lost on the way, or with a daemon that was killed or gave up.
  public var missing: UInt64
  /// Their sequence numbers, where they can be told.
  public var missingRanges: [ClosedRange<UInt64>]
  /// Records that more than one daemon decided.
  public var decidedTwice: UInt64
  /// Sums over the daemons.
  public var scored: UInt64
  /// Events that could not be scored.
  public var notFinite: UInt64
  /// Events above a threshold that were kept.
  public var flagged: UInt64
  /// Events kept by the unbiased prescale.
  public var unbiased: UInt64
  /// The journals that took part.
  public var journals: [String]
  /// Whether some daemon has not closed it: it runs, or was killed.
  public var isOpen: Bool
  /// Whether the sums of each daemon agreed.
  public var isBalanced: Bool
}

/// The ledgers of several journals, merged: what the stream as a whole has lost.
///
/// Each journal's `ledger.jsonl` says how the runs closed; what its daemon had open when it died is
/// in `ledger.open`.
public struct StreamLedger: Sendable {
  /// By run, source and take.
  public let accounts: [StreamAccount]

  /// Reads the ledgers of the journals in `folders`.
  ///
  /// - Throws: `FileFault` that names the line of a ledger that cannot be read; `SystemCallError`.
  public init(journals folders: [String]) throws {
    var merged: [TakeKey: StreamAccount] = [:]
    var decided: [TakeKey: SequenceLedger] = [:]
    for folder in folders {
      for (key, part) in try takes(inJournal: folder) {
        merged[key, default: StreamAccount(key)].add(part, journal: folder)
        if let sum = decided[key] {
          var sum = sum
          sum.merge(part.sequences)
          decided[key] = sum
        } else {
          decided[key] = part.sequences
        }
      }
    }
    accounts = merged.keys.sorted().compactMap { key in
      guard var account = merged[key], let sequences = decided[key] else { return nil }
      account.take(sequences)
      return account
    }
  }
}

extension StreamLedger {
  /// Whether some daemon decided the record with this identity, in any take of its run.
  func isDecided(_ identity: EventIdentity) -> Bool {
    accounts.contains { account in
      account.run == identity.run && account.source == identity.source
        && identity.sequence <= account.expected
        && !account.missingRanges.contains { $0.contains(identity.sequence) }
    }
  }
}

private struct TakeKey: Hashable, Comparable {
  var run: UInt32
  var source: UInt32
  var take: Int

  static func < (a: Self, b: Self) -> Bool {
    (a.run, a.source, a.take) < (b.run, b.source, b.take)
  }
}

/// What one daemon knows of a take.
private struct TakePart {
  var run: UInt32
  var source: UInt32
  var openedNs: UInt64
  var sequences: SequenceLedger
  var highest: UInt64
  var scored: UInt64
  var notFinite: UInt64
  var flagged: UInt64
  var unbiased: UInt64
  var isOpen: Bool
  var isBalanced: Bool
}

/// The takes of a journal, numbered in the order in which they were begun. Reports of the same take
/// go on from one another, so the last one counts, and an open account after that.
private func takes(inJournal folder: String) throws -> [(TakeKey, TakePart)] {
  var last: [[UInt64]: TakePart] = [:]
  func note(_ part: TakePart) {
    last[[UInt64(part.run), UInt64(part.source), part.openedNs]] = part
  }
  for part in try closedTakes(inJournal: folder) { note(part) }
  for account in try LedgerState.accounts(inFolder: folder) {
    let key = [UInt64(account.run), UInt64(account.source), account.openedNs]
    // After an orderly end the closed report knows more: what was received and not decided.
    if let closed = last[key], closed.sequences.received == account.decided.received { continue }
    note(TakePart(account))
  }
  var takeCounts: [[UInt64]: Int] = [:]
  return last.values.sorted { $0.openedNs < $1.openedNs }.map { part in
    let take = takeCounts[[UInt64(part.run), UInt64(part.source)], default: 0] + 1
    takeCounts[[UInt64(part.run), UInt64(part.source)]] = take
    return (TakeKey(run: part.run, source: part.source, take: take), part)
  }
}

private func closedTakes(inJournal folder: String) throws -> [TakePart] {
  // A line that a kill has cut is in the open accounts.
  try JSONLines("\(folder)/ledger.jsonl").places.map { try TakePart($0) }
}

extension TakePart {
  init(_ account: DecidedAccount) {
    self.init(
      run: account.run, source: account.source, openedNs: account.openedNs,
      sequences: account.decided, highest: account.decided.highest, scored: account.scored,
      notFinite: account.notFinite, flagged: account.flagged, unbiased: account.unbiased,
      isOpen: true, isBalanced: true)
  }

  init(_ place: JSONPlace) throws(FileFault) {
    func count(_ name: String) throws(FileFault) -> UInt64 {
      try place.member(name).integer(in: 0...UInt64.max)
    }
    var ranges: [ClosedRange<UInt64>] = []
    for range in try place.member("decided_ranges").elements() {
      let ends = try range.elements()
      guard ends.count == 2 else {
        throw range.fault(found: "\(ends.count) numbers", expected: "[first, last]")
      }
      let first = try ends[0].integer(in: 1...UInt64.max)
      ranges.append(first...(try ends[1].integer(in: first...UInt64.max)))
    }
    guard
      let sequences = SequenceLedger(
        seenRanges: ranges, closedThrough: try count("closed_through"),
        received: try count("decided"))
    else {
      throw place.fault(
        found: "ranges that do not ascend or do not go with `decided`",
        expected: "the ledger as the daemon has written it")
    }
    self.init(
      run: try place.member("run").integer(in: 0...UInt32.max),
      source: try place.member("source").integer(in: 0...UInt32.max),
      openedNs: try count("opened_ns"), sequences: sequences, highest: try count("expected"),
      scored: try count("scored"), notFinite: try count("not_finite"),
      flagged: try count("flagged"), unbiased: try count("unbiased"), isOpen: false,
      isBalanced: try place.member("balanced").bool())
  }
}

extension StreamAccount {
  fileprivate init(_ key: TakeKey) {
    self.init(
      run: key.run, source: key.source, take: key.take, expected: 0, decided: 0, missing: 0,
      missingRanges: [], decidedTwice: 0, scored: 0, notFinite: 0, flagged: 0, unbiased: 0,
      journals: [], isOpen: false, isBalanced: true)
  }

  fileprivate mutating func add(_ part: TakePart, journal: String) {
    expected = max(expected, part.highest)
    decided += part.sequences.received
    scored += part.scored
    notFinite += part.notFinite
    flagged += part.flagged
    unbiased += part.unbiased
    journals.append(journal)
    isOpen = isOpen || part.isOpen
    isBalanced = isBalanced && part.isBalanced
  }

  /// Takes the union of what the daemons have decided; `decided` is their sum up to now.
  fileprivate mutating func take(_ sequences: SequenceLedger) {
    decidedTwice = decided - sequences.received
    decided = sequences.received
    missing = expected - decided
    var next = sequences.closedSequence + 1
    for range in sequences.seenRanges {
      if range.lowerBound > next { missingRanges.append(next...(range.lowerBound - 1)) }
      next = range.upperBound + 1
    }
    if next <= expected { missingRanges.append(next...expected) }
  }
}
