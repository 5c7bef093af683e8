internal import BoundedNumbers
internal import Drift
internal import EventRecords

extension DecideStage {
  /// Counts the scores of a stretch, which is at most a batch.
  func count(_ stretch: Range<Int>, in entry: RunLedgerEntry) {
    let (rule, scores) = (rule, ring.scores(at: stretch.lowerBound))
    let first = UnsafeRawPointer(ring.record(at: stretch.lowerBound))
    var notFiniteCount: UInt64 = 0
    for place in 0..<stretch.count {
      let score = scores[place]
      let condition = ring.record(place, behind: first).condition
      let fired = rule.firedPoints(score: score, condition: condition)
      noted[place] = DecidedEvent(
        condition: condition, fired: fired, isScorable: !score.isNaN)
      if score.isNaN { notFiniteCount += 1 }
      if fired != 0 { count(fired: fired) }
    }
    current.drift.noteEvents(noted, count: stretch.count)
    counters.scores.record(scores, count: stretch.count)
    counters.scoreBins.record(scores, count: stretch.count)
    let scoredCount = UInt64(stretch.count) - notFiniteCount
    counters.scored.addSaturated(scoredCount)
    entry.account.scored +|= scoredCount
    guard notFiniteCount > 0 else { return }
    entry.account.notFinite +|= notFiniteCount
    counters.rejected(.notFinite).add(notFiniteCount)
  }

  /// Counts an event that fired one working point at least.
  func count(fired: UInt16) {
    if fired & ~current.quietPoints != 0 { counters.aboveThreshold.add() }
    for point in current.counters.indices where fired >> UInt16(point) & 1 == 1 {
      current.counters[point].fired.add()
    }
    if fired.nonzeroBitCount == 1 {
      current.counters[fired.trailingZeroBitCount].firedAlone.add()
    } else {
      current.overlaps.note(fired: fired)
    }
  }

  /// Notes when events came, and how long they waited. Events of one message came together.
  func noteTimes(of stretch: Range<Int>, decidedNs: UInt64) {
    let notes = ring.notes(at: stretch.lowerBound)
    var receivedNs = notes[0].receivedNs
    var together: UInt64 = 0
    let latencies = counters.decisionLatency
    func record() {
      let latencyNs = decidedNs > receivedNs ? decidedNs - receivedNs : 0
      latencies.record(Double(latencyNs) * 1e-9, weight: together)
    }
    for place in 0..<stretch.count {
      let next = notes[place].receivedNs
      if next != receivedNs {
        record()
        (receivedNs, together) = (next, 0)
      }
      together += 1
    }
    record()
    counters.lastEventNs.set(receivedNs)
  }

  /// An event that its sender marked as simulated belongs to the ledger, and to no rate.
  func countSimulated(at position: Int, in entry: RunLedgerEntry) {
    let score = ring.score(at: position)
    if score.isNaN {
      entry.account.notFinite +|= 1
      counters.rejected(.notFinite).add()
      return
    }
    entry.account.scored +|= 1
    counters.scored.add()
    counters.simulatedScored.add()
    let fired = rule.firedPoints(
      score: score, condition: EventRecordView(ring.record(at: position)).condition)
    guard fired != 0 else { return }
    for point in current.counters.indices where fired >> UInt16(point) & 1 == 1 {
      current.counters[point].simulatedFired.add()
    }
  }

  func count(_ decision: Decision, in entry: RunLedgerEntry, isSimulated: Bool) {
    if decision.reasons.isEmpty { return counters.unflagged.add() }
    if decision.reasons.isFired { entry.account.flagged +|= 1 }
    if isSimulated { return }
    if decision.reasons.contains(.unbiased) {
      entry.account.unbiased +|= 1
      counters.unbiased.add()
    }
    if decision.reasons.contains(.notScorable) { counters.notScorable.add() }
    for point in current.counters.indices where decision.workingPoints >> UInt16(point) & 1 == 1 {
      current.counters[point].flagged.add()
    }
    let kept = decision.workingPoints
    if kept.nonzeroBitCount == 1 { current.counters[kept.trailingZeroBitCount].flaggedAlone.add() }
  }

  func countShadow(_ stretch: Range<Int>) {
    guard let shadow = current.shadow else { return }
    for position in stretch {
      let condition = EventRecordView(ring.record(at: position)).condition
      let outcome =
        switch (
          rule.firedPoints(score: ring.score(at: position), condition: condition) != 0,
          shadow.rule.firedPoints(
            score: ring.shadowScores(at: position).pointee, condition: condition) != 0
        ) {
        case (true, true): 0
        case (true, false): 1
        case (false, true): 2
        case (false, false): 3
        }
      counters.shadow[outcome].add()
    }
  }
}
