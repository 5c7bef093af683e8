/// Finds the events of a segment among its control records. Memory goes with the control records,
/// of which there are few.
struct EventIndex: Sendable {
  let eventCount: Int
  /// Positions of control records, ascending.
  private let controls: [Int]

  init(recordCount: Int, controls: [Int]) {
    self.controls = controls
    eventCount = recordCount - controls.count
  }

  /// The position among all records of event `event`. O(log of the control records).
  func record(ofEvent event: Int) -> Int { event + controlCount(beforeEvent: event) }

  /// How many events from `event` on lie next to each other.
  func contiguousCount(from event: Int) -> Int {
    let before = controlCount(beforeEvent: event)
    return before == controls.count ? eventCount - event : controls[before] - before - event
  }

  /// Control records in front of event `event`: those k with `controls[k] - k <= event`, a number
  /// that never falls with k.
  private func controlCount(beforeEvent event: Int) -> Int {
    var (low, high) = (0, controls.count)
    while low < high {
      let middle = (low + high) / 2
      if controls[middle] - middle <= event { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
