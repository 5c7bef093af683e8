internal import BoundedNumbers
package import EventRecords

/// The decided records of a run and source so far. It is all that resuming the run after the end of
/// the process needs.
package struct DecidedAccount {
  package var run: UInt32 = 0
  package var source: UInt32 = 0
  /// When the run was begun here, ns since the epoch: tells a run that was begun again from one
  /// that was resumed.
  package var openedNs: UInt64 = 0
  /// How often another process has resumed it.
  package var resumeCount: UInt64 = 0
  package var scored: UInt64 = 0
  package var notFinite: UInt64 = 0
  package var flagged: UInt64 = 0
  package var unbiased: UInt64 = 0
  /// The highest sequence that an earlier process, or this one at its end, has received: records up
  /// to it that were not decided are missing.
  package var expected: UInt64 = 0
  /// Records that were to be kept and were given up, in all processes.
  package var abandoned = AbandonedCounts()
  /// Sequences of records that were decided, control records included.
  package var decided = SequenceTracker()

  package init(
    run: UInt32 = 0, source: UInt32 = 0, openedNs: UInt64 = 0, resumeCount: UInt64 = 0,
    scored: UInt64 = 0, notFinite: UInt64 = 0, flagged: UInt64 = 0, unbiased: UInt64 = 0,
    expected: UInt64 = 0, abandoned: AbandonedCounts = AbandonedCounts(),
    decided: SequenceTracker = SequenceTracker()
  ) {
    self.run = run
    self.source = source
    self.openedNs = openedNs
    self.resumeCount = resumeCount
    self.scored = scored
    self.notFinite = notFinite
    self.flagged = flagged
    self.unbiased = unbiased
    self.expected = expected
    self.abandoned = abandoned
    self.decided = decided
  }

  /// A record that was to be kept for these reasons, and counted as kept, was given up.
  package mutating func abandon(_ reasons: FlagReasons) {
    if reasons.isFired { flagged = flagged -| 1 }
    if reasons.contains(.unbiased) { unbiased = unbiased -| 1 }
    abandoned.add(reasons)
  }
}
