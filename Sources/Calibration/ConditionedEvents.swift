/// Which thresholds by condition were asked for.
package enum ConditionBinRequest: Equatable, Sendable {
  /// Up to this many bins with edges at quantiles, 2 to `ConditionBins.countMax`.
  case count(Int)
  /// These edges: finite, ascending, all different, 1 to `ConditionBins.countMax - 1`.
  case edges([Float])

  /// Whether a request can be fulfilled.
  package var isSound: Bool {
    switch self {
    case .count(let count): (2...ConditionBins.countMax).contains(count)
    case .edges(let edges):
      (1..<ConditionBins.countMax).contains(edges.count) && edges.allSatisfy(\.isFinite)
        && zip(edges, edges.dropFirst()).allSatisfy { $0 < $1 }
    }
  }
}

/// The conditions and scores of all events: quantiles of the condition are known only after the last
/// one. 8 bytes an event.
package struct ConditionedEvents: Sendable {
  /// Condition and score of each event as a whole number, ordered by condition, then by score.
  private var keys: [UInt64] = []

  /// No events.
  package init() {}

  /// Adds events. NaN is a condition that is not known, or a score of an event that is not
  /// scorable. Traps where the numbers differ.
  package mutating func add(
    _ scores: UnsafeBufferPointer<Float>, conditions: UnsafeBufferPointer<Float>
  ) {
    precondition(scores.count == conditions.count)
    for (score, condition) in zip(scores, conditions) {
      keys.append(UInt64(ordered(condition)) << 32 | UInt64(ordered(score)))
    }
  }

  /// The events of a part that was read.
  init(count: Int, _ event: (Int) -> (condition: Float, score: Float)) {
    keys.reserveCapacity(count)
    for index in 0..<count {
      let event = event(index)
      keys.append(UInt64(ordered(event.condition)) << 32 | UInt64(ordered(event.score)))
    }
  }

  /// How many of the events are not scorable.
  var notScorableCount: Int { keys.count { score($0).isNaN } }

  /// Adds all that `other` has.
  mutating func merge(_ other: ConditionedEvents) { keys += other.keys }

  /// The events that were added.
  package var count: Int { keys.count }

  /// Whether a condition is a finite number.
  package var hasFinite: Bool { keys.contains { condition($0).isFinite } }

  /// Condition and score of each event, sorted: the order depends on the set of events alone.
  var pairs: [(condition: Float, score: Float)] {
    keys.sorted().map { (condition($0), score($0)) }
  }

  /// The largest scores of each bin asked for, `capacity` of each.
  func gathered(_ request: ConditionBinRequest, capacity: Int) -> ConditionedScores {
    let edges =
      switch request {
      case .edges(let edges): edges
      case .count(let count):
        ConditionedScores.edges(of: keys.map { condition($0) }, count: count)
      }
    var gathered = ConditionedScores(edges: edges, capacity: capacity)
    for key in keys { gathered.add(score(key), condition: condition(key)) }
    return gathered
  }

  private func condition(_ key: UInt64) -> Float { float(UInt32(key >> 32)) }
  private func score(_ key: UInt64) -> Float { float(UInt32(truncatingIfNeeded: key)) }
}

/// A whole number that grows with the float; all NaN are one, above infinity, and both zeros are
/// one.
private func ordered(_ value: Float) -> UInt32 {
  let bits = value.isNaN ? Float.nan.bitPattern : (value + 0).bitPattern
  return bits >> 31 == 1 ? ~bits : bits | 1 << 31
}

private func float(_ ordered: UInt32) -> Float {
  Float(bitPattern: ordered >> 31 == 1 ? ordered & ~(1 << 31) : ~ordered)
}

extension CalibrationPart {
  /// The thresholds by condition that were asked for, how many bins there were, and how many of
  /// these had too few events and were merged with a neighbour.
  ///
  /// - Throws: `CalibrationError` where a bin's threshold would be infinite.
  package func conditionBins() throws(CalibrationError) -> (
    bins: ConditionBins?, count: Int, merged: Int
  )? {
    guard let request = basis.bins, let events = tally.conditioned else { return nil }
    let scores = events.gathered(
      request,
      capacity: basis.plan.scoresNeededForThresholds(eventCountMax: tally.eventCount))
    let (bins, merged) = try basis.plan.conditionBins(of: scores)
    return (bins, scores.edges.count + 1, merged)
  }
}
