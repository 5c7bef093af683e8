/// The facts about one decided event that the checks need.
package struct DecidedEvent {
  /// NaN where the condition is not known.
  package var condition: Float
  /// Bit i: the score is above threshold i, before any prescale.
  package var fired: UInt16
  /// Whether the event could be scored.
  package var isScorable: Bool

  /// Creates the note of an event.
  @inlinable
  package init(condition: Float, fired: UInt16, isScorable: Bool) {
    self.condition = condition
    self.fired = fired
    self.isScorable = isScorable
  }
}

/// Counts over one window of decided events, in memory that exists from the start. One thread at a
/// time owns it.
package struct DecidedCounts {
  /// Bits of `fired`.
  package static let pointCount = 16

  /// Events, scorable or not.
  package var eventCount = 0
  /// Those that could not be scored.
  package var notScorableCount = 0
  /// Scored events with a condition outside of the bins.
  var outsideCount = 0
  /// The finite conditions seen.
  package var conditionMin = Float.infinity
  package var conditionMax = -Float.infinity
  /// Where conditions are counted; the judging thread chooses it.
  package var binning = ConditionBinning.none
  /// Scored events above each threshold.
  package let flagged: UnsafeMutablePointer<Int>
  /// Scored events in each condition bin.
  package let conditionScored: UnsafeMutablePointer<UInt32>
  /// Flagged ones: 16 working points a bin.
  package let conditionFlagged: UnsafeMutablePointer<UInt32>

  package init() {
    let bins = ConditionBinning.binCount
    flagged = .allocate(capacity: Self.pointCount)
    flagged.initialize(repeating: 0, count: Self.pointCount)
    conditionScored = .allocate(capacity: bins)
    conditionScored.initialize(repeating: 0, count: bins)
    conditionFlagged = .allocate(capacity: bins * Self.pointCount)
    conditionFlagged.initialize(repeating: 0, count: bins * Self.pointCount)
  }

  package func deallocate() {
    flagged.deallocate()
    conditionScored.deallocate()
    conditionFlagged.deallocate()
  }

  /// Counts events in their order.
  @_noAllocation @_noLocks
  mutating func note(_ events: UnsafePointer<DecidedEvent>, count: Int) {
    // A copy that nothing else can reach stays in registers.
    var counts = self
    for index in 0..<count {
      let event = events[index]
      counts.note(
        condition: event.condition, fired: event.fired, isScorable: event.isScorable)
    }
    self = counts
  }

  /// Counts an event.
  @inline(__always) @_noAllocation @_noLocks
  package mutating func note(condition: Float, fired: UInt16, isScorable: Bool) {
    eventCount += 1
    guard isScorable else {
      notScorableCount += 1
      return
    }
    let bin = binning.bin(of: condition)
    if let bin {
      conditionScored[bin] &+= 1
    } else if condition.isFinite {
      outsideCount += 1
    }
    if condition.isFinite {
      conditionMin = min(conditionMin, condition)
      conditionMax = max(conditionMax, condition)
    }
    if fired != 0 { countFlagged(fired, bin: bin) }
  }

  @inline(never) @_noAllocation @_noLocks
  private func countFlagged(_ fired: UInt16, bin: Int?) {
    var rest = fired
    while rest != 0 {
      let point = rest.trailingZeroBitCount
      rest &= rest &- 1
      flagged[point] &+= 1
      if let bin { conditionFlagged[bin &* Self.pointCount &+ point] &+= 1 }
    }
  }

  /// Empties it for the next window.
  package mutating func reset(binning: ConditionBinning) {
    eventCount = 0
    notScorableCount = 0
    outsideCount = 0
    conditionMin = .infinity
    conditionMax = -.infinity
    self.binning = binning
    flagged.update(repeating: 0, count: Self.pointCount)
    let bins = ConditionBinning.binCount
    conditionScored.update(repeating: 0, count: bins)
    conditionFlagged.update(repeating: 0, count: bins * Self.pointCount)
  }
}
