internal import BoundedNumbers

/// Samples of the statuses of the last quarter of an hour, at most one a second, in bounded memory.
struct StatusHistory {
  /// A window for rates now, and one for alarms.
  static let nowSeconds = 10.0
  static let recentSeconds = 300.0
  /// The length of the history, and of its steps.
  static let historySeconds = 900.0
  static let stepSeconds = 10.0

  private static let intervalNs: UInt64 = 950_000_000
  private static let keptNs = UInt64((historySeconds + stepSeconds) * 1e9)

  private var samples: [CounterSample] = []

  /// Notes a status, unless one of less than a second ago is known.
  mutating func note(_ status: DaemonStatus) {
    if let last = samples.last, status.monotonicNs < last.monotonicNs + Self.intervalNs { return }
    samples.append(CounterSample(status))
    let stale = samples.prefix { $0.monotonicNs + Self.keptNs < status.monotonicNs }.count
    // Every ten seconds is often enough to move the others.
    if stale >= 10 { samples.removeFirst(stale) }
  }

  /// The window of `seconds` that ends at `status`: from the newest sample of at least that age,
  /// or from the oldest one where none is that old.
  func window(seconds: Double, endingAt status: DaemonStatus) -> WindowFacts {
    let ageNs = UInt64(seconds * 1e9)
    let old = samples.last { $0.monotonicNs + ageNs <= status.monotonicNs } ?? samples.first
    guard let old else { return WindowFacts() }
    var window = WindowFacts(from: old, to: status)
    let middleNs = old.monotonicNs + (status.monotonicNs -| old.monotonicNs) / 2
    if let middle = samples.last(where: { $0.monotonicNs <= middleNs }) {
      let end = CounterSample(status)
      let least = min(
        middle.diskBytesTaken(since: old), end.diskBytesTaken(since: middle))
      window.diskBytesTaken = least *| 2
    }
    return window
  }

  /// Rates in steps of `stepSeconds`, the oldest first.
  func points(names: [String]) -> [HistoryPoint] {
    var points: [HistoryPoint] = []
    let stepNs = UInt64(Self.stepSeconds * 1e9)
    var end = samples.indices.last
    while let here = end, here > 0, Double(points.count) * Self.stepSeconds < Self.historySeconds {
      guard
        let start = samples[..<here].lastIndex(where: {
          $0.monotonicNs + stepNs <= samples[here].monotonicNs + Self.intervalNs / 2
        })
      else { break }
      points.append(HistoryPoint(from: samples[start], to: samples[here], pointNames: names))
      end = start
    }
    return points.reversed()
  }
}
