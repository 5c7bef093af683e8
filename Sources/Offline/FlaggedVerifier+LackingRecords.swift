internal import BoundedNumbers
internal import EventRecords
internal import RunFiles

extension FlaggedVerifier {
  /// Records of a run and source, or what the ledger says of them.
  private struct Counts {
    /// Kept by a working point, those of simulated events among them.
    var fired: UInt64 = 0
    /// Of the unbiased sample.
    var sampled: UInt64 = 0
  }

  /// The runs and sources of the input of which the journal has fewer records than the ledger says were
  /// kept. Reads the whole journal.
  ///
  /// A daemon journals records before it enters them in the ledger. A kill may therefore leave records
  /// whose events the ledger has as missing, which are not counted here, but no account of records that
  /// the journal lacks. Where retention has deleted records, or the lost ones were fewer than damaged
  /// ones, the sums tell nothing.
  func streamsLackingRecords() -> Set<Stream> {
    guard flagged.deleted.number == 0 else { return [] }
    var found: [Stream: Counts] = [:]
    var damagedCount: UInt64 = 0
    for index in 0..<flagged.recordCount {
      guard let record = try? flagged.flaggedRecord(at: index) else {
        damagedCount += 1
        continue
      }
      let event = record.event
      let stream = Stream(run: event.run, source: event.source)
      guard let accounts = takes[stream], accounts.contains(where: { $0.isDecided(event.sequence) })
      else { continue }
      if record.reasons.isFired { found[stream, default: Counts()].fired += 1 }
      if record.reasons.contains(.unbiased), !event.flags.contains(.simulated) {
        found[stream, default: Counts()].sampled += 1
      }
    }
    let lacking = takes.filter { stream, accounts in
      let counts = found[stream] ?? Counts()
      return accounts.map(\.flagged).saturatingSum > counts.fired +| damagedCount
        || accounts.map(\.unbiased).saturatingSum > counts.sampled +| damagedCount
    }
    return Set(lacking.keys)
  }
}
