internal import BoundedNumbers
internal import EventRecords
internal import RunFiles
package import TriggerPipeline

/// The account of one run and source over all daemons that took part in it, and over their
/// restarts.
package struct StreamAccount: Equatable, Sendable {
  /// The run.
  package var run: UInt32
  /// The sender.
  package var source: UInt32
  /// From 1; a sender that begins a run again begins another take of it.
  package var take: Int
  /// Records the sender has sent, as far as any daemon knows: the highest sequence number.
  package var expected: UInt64
  /// Different records that some daemon decided: expected = decided + missing.
  package var decided: UInt64
  /// Records that no daemon decided: lost on the way, or with a daemon that was killed or gave up.
  package var missing: UInt64
  /// Their sequence numbers, where they can be told.
  package var missingRanges: [ClosedRange<UInt64>]
  /// How often records were decided that had been decided before: by another daemon, by the same one after
  /// its run had given up its place, or in a copy of a journal that is given beside it.
  package var decidedTwice: UInt64
  /// Sums over the daemons.
  package var scored: UInt64
  /// Events that could not be scored.
  package var notFinite: UInt64
  /// Events above a threshold that were kept.
  package var flagged: UInt64
  /// Events kept by the unbiased prescale.
  package var unbiased: UInt64
  /// Records that were to be kept and were given up, such as at an end with a full disk. Their
  /// events count as decided.
  package var abandoned: AbandonedCounts
  /// The journals that took part.
  package var journals: [String]
  /// Records that came and were refused, by reason. What is refused as `repeated` was decided
  /// before and is not missing; of other reasons records that were not decided may be among the
  /// missing, and those of a run that had ended are not in the sums above.
  package var refused: [RefusedCount]
  /// Whether some daemon has not closed it: it runs, or was killed.
  package var isOpen: Bool
  /// Whether the sums of each daemon agreed.
  package var isBalanced: Bool
  /// Of records up to this number only the count of decided ones is known, not which they are.
  package var closedThrough: UInt64 = 0
}

/// The ledgers of several journals, merged: what the stream as a whole has lost.
///
/// Each journal's `ledger.jsonl` says how the runs closed; what its daemon had open when it died is
/// in `ledger.open`.
package struct StreamLedger: Sendable {
  /// By run, source and take.
  package let accounts: [StreamAccount]
  /// Records refused that are of no run that can be told or trusted.
  package let refusedOfUnknown: [RefusedCount]
  /// Lines of the ledgers that could not be read, in words.
  package let notes: [String]

  /// Reads the ledgers of the journals in `folders`.
  ///
  /// - Throws: `FileFault` or `SystemCallError` for a file that cannot be read.
  package init(journals folders: [String]) throws {
    var merged: [TakeKey: Merging] = [:]
    var unknown: Refusals = [:]
    var notes: [String] = []
    for folder in folders {
      let ledger = try LedgerTakes(journal: folder)
      unknown.add(ledger.refusedOfUnknown)
      notes += ledger.notes
      for (key, identity) in ledger.numberedTakes {
        merged[key, default: Merging(key)].add(
          ledger.takes[identity] ?? [], refused: ledger.refused[identity] ?? [:],
          journal: folder)
      }
    }
    refusedOfUnknown = unknown.ordered
    self.notes = notes
    accounts = merged.keys.sorted().compactMap { merged[$0]?.account }
  }
}

extension StreamLedger {
  /// The takes of a run and source, in order, without those that nothing was decided of.
  func decidedTakes(run: UInt32, source: UInt32) -> [StreamAccount] {
    let first = accounts.indices.partitionPoint { accounts[$0].run < run }
    return accounts[first...].prefix { $0.run == run }
      .filter { $0.source == source && $0.decided > 0 }
  }
}

extension StreamAccount {
  /// Missing records that `missingRanges` does not have: with numbers up to `closedThrough`, of which
  /// only the count is known.
  package var unlistedMissing: UInt64 {
    missing -| missingRanges.map { $0.upperBound - $0.lowerBound +| 1 }.saturatingSum
  }

  /// Whether some daemon decided the record with this sequence number, in this take.
  func isDecided(_ sequence: UInt64) -> Bool {
    sequence <= expected && !missingRanges.contains { $0.contains(sequence) }
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

extension LedgerTakes {
  /// The takes of the journal, numbered in the order in which they were begun. A take that has
  /// refusals alone is one whose line was lost.
  fileprivate var numberedTakes: [(TakeKey, TakeIdentity)] {
    var counts: [UInt64: Int] = [:]
    return Set(takes.keys).union(refused.keys).sorted { $0.openedNs < $1.openedNs }.map {
      let take = counts[runKey(run: $0.run, source: $0.source), default: 0] + 1
      counts[runKey(run: $0.run, source: $0.source)] = take
      return (TakeKey(run: $0.run, source: $0.source, take: take), $0)
    }
  }
}

/// The account of a take while journals are added to it.
private struct Merging {
  private var sums: StreamAccount
  private var parts: [TakePart] = []
  private var refused: Refusals = [:]

  init(_ key: TakeKey) {
    sums = StreamAccount(
      run: key.run, source: key.source, take: key.take, expected: 0, decided: 0, missing: 0,
      missingRanges: [], decidedTwice: 0, scored: 0, notFinite: 0, flagged: 0, unbiased: 0,
      abandoned: AbandonedCounts(), journals: [], refused: [], isOpen: false, isBalanced: true)
  }

  mutating func add(_ added: [TakePart], refused others: Refusals, journal: String) {
    for part in added {
      sums.expected = max(sums.expected, part.highest)
      sums.decided +|= part.decided
      sums.scored +|= part.scored
      sums.notFinite +|= part.notFinite
      sums.flagged +|= part.flagged
      sums.unbiased +|= part.unbiased
      sums.abandoned.add(part.abandoned)
      sums.isOpen = sums.isOpen || part.isOpen
      sums.isBalanced = sums.isBalanced && part.isBalanced
    }
    // A part that another journal has, too, to the nanosecond of its beginning, is a copy of it. Of numbers
    // up to `closedThrough` only the count is known: it must not be added up.
    parts += added.filter { !parts.contains($0) }
    refused.add(others)
    sums.journals.append(journal)
  }

  /// With the union of what the parts have decided.
  var account: StreamAccount {
    var account = sums
    var sequences = parts.first?.sequences ?? SequenceTracker()
    for part in parts.dropFirst() { sequences.merge(part.sequences) }
    account.decidedTwice = max(
      account.decided -| sequences.received,
      account.scored +| account.notFinite -| account.expected)
    account.decided = sequences.received
    account.missing = account.expected -| account.decided
    account.missingRanges = gaps(in: sequences, through: account.expected)
    account.closedThrough = sequences.closedSequence
    account.refused = refused.ordered
    return account
  }

  private func gaps(in sequences: SequenceTracker, through last: UInt64) -> [ClosedRange<UInt64>] {
    var gaps: [ClosedRange<UInt64>] = []
    var before = sequences.closedSequence
    for range in sequences.seenRanges {
      if range.lowerBound -| before > 1 { gaps.append(before + 1...range.lowerBound - 1) }
      before = range.upperBound
    }
    if before < last { gaps.append(before + 1...last) }
    return gaps
  }
}
