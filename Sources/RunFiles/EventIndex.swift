/// Finds the events of a segment among records that are skipped: control records, and events that
/// were not asked for. The memory is proportional to the number of skipped records.
struct EventIndex: Sendable {
  let eventCount: Int
  /// Positions of the records that are stepped over, ascending.
  private let steppedOver: [Int]

  init(recordCount: Int, steppedOver: [Int]) {
    self.steppedOver = steppedOver
    eventCount = recordCount - steppedOver.count
  }

  /// The position among all records of event `event`. O(log of the records stepped over).
  func record(ofEvent event: Int) -> Int { event + steppedOverCount(beforeEvent: event) }

  /// How many events from `event` on lie next to each other.
  func contiguousCount(from event: Int) -> Int {
    let before = steppedOverCount(beforeEvent: event)
    return before == steppedOver.count
      ? eventCount - event : steppedOver[before] - before - event
  }

  /// Records stepped over in front of event `event`: those k with `steppedOver[k] - k <= event`, a
  /// number that never falls with k.
  private func steppedOverCount(beforeEvent event: Int) -> Int {
    steppedOver.indices.partitionPoint { steppedOver[$0] - $0 <= event }
  }
}
