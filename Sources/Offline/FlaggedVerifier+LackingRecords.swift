internal import BoundedNumbers
internal import EventRecords
internal import RunFiles

extension FlaggedVerifier {
  /// Records of a run and source, or what the ledger says of them.
  struct Counts {
    /// Kept by a working point, those of simulated events among them.
    var fired: UInt64 = 0
    /// Of the unbiased sample.
    var sampled: UInt64 = 0
  }

  /// The runs and sources of the input of which the journal has fewer records than the ledger says were
  /// kept, and how many fewer. Reads the whole journal.
  ///
  /// A daemon journals records before it enters them in the ledger. A kill may therefore leave records
  /// whose events the ledger has as missing, which are not counted here, but no account of records that
  /// the journal lacks. Where retention has deleted records, or the lost ones were fewer than damaged
  /// ones, the sums tell nothing.
  func streamsLackingRecords() -> [Stream: Counts] {
    guard flagged.deleted.number == 0 else { return [:] }
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
    return takes.compactMapValues { accounts in
      guard let first = accounts.first else { return nil }
      let counts = found[Stream(run: first.run, source: first.source)] ?? Counts()
      let lacking = Counts(
        fired: accounts.map(\.flagged).saturatingSum -| counts.fired -| damagedCount,
        sampled: accounts.map(\.unbiased).saturatingSum -| counts.sampled -| damagedCount)
      return lacking.fired > 0 || lacking.sampled > 0 ? lacking : nil
    }
  }

  /// Tells of records that the journal lacks, where events without one were not compared, since the ledger
  /// does not tell whether they were decided. A journal whose end is gone has no gap that would tell.
  mutating func tellOfLackingRecords() {
    guard !uncertainStreams.isEmpty else { return }
    let found = lacking ?? streamsLackingRecords()
    lacking = found
    // A record may be of both kinds: there are at least as many as of the kind with more.
    let lackingCount = found.values.map { max($0.fired, $0.sampled) }.saturatingSum
    guard lackingCount > gaps.missingCount(lost: lostGaps) else { return }
    lackingTexts = found.filter { uncertainStreams.contains($0.key) }
      .sorted { ($0.key.run, $0.key.source) < ($1.key.run, $1.key.source) }
      .map { stream, lacking in
        "run \(stream.run), source \(stream.source): the journal has \(lacking.fired) fewer records above "
          + "a threshold, and \(lacking.sampled) fewer of the unbiased sample, than its ledger says were "
          + "kept"
      }
  }
}
