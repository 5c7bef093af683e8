/// Where events stand in the order of one score, made once so that each bootstrap repeat needs
/// only counts of how often an event was drawn.
struct RankedEvents: Sendable {
  /// Background events with a score, ascending by it.
  let background: [Int32]
  /// The same for each signal.
  let signals: [Signal]

  struct Signal: Sendable {
    /// Signal events with a score, ascending by it.
    let events: [Int32]
    /// For each of these, how many background places have a lower score.
    let below: [Int32]
    /// For each of these, how many background places have a lower or the same score.
    let notAbove: [Int32]
  }

  init(_ score: EvaluatedScore) {
    let background = Self.order(score.background, among: score.judged)
    let ascending = background.map { score.background[Int($0)] }
    self.background = background
    signals = score.signals.map { signal in
      let events = Self.order(signal, among: signal.indices)
      return Signal(
        events: events,
        below: events.map { event in
          Int32(ascending.partitioningIndex { !($0 < signal[Int(event)]) })
        },
        notAbove: events.map { event in
          Int32(ascending.partitioningIndex { $0 > signal[Int(event)] })
        })
    }
  }

  private static func order(_ scores: [Double], among events: Range<Int>) -> [Int32] {
    events.filter { !scores[$0].isNaN }.sorted { scores[$0] < scores[$1] }.map { Int32($0) }
  }
}

extension RankedEvents {
  /// How many events before each place of an order were drawn: `count` + 1 numbers, the last the
  /// total.
  static func cumulate(_ drawn: [UInt16], along order: [Int32], into sums: inout [Int]) {
    sums.removeAll(keepingCapacity: true)
    sums.append(0)
    var sum = 0
    for event in order {
      sum += Int(drawn[Int(event)])
      sums.append(sum)
    }
  }
}

extension RankedEvents.Signal {
  /// The area under the ROC curve of a resample, or NaN where one of the kinds was not drawn.
  func area(drawn: [UInt16], cumulatedBackground: [Int]) -> Double {
    var doubled = 0
    var total = 0
    for (place, event) in events.enumerated() {
      let times = Int(drawn[Int(event)])
      total += times
      doubled +=
        times
        * (cumulatedBackground[Int(below[place])] + cumulatedBackground[Int(notAbove[place])])
    }
    let background = cumulatedBackground[cumulatedBackground.count - 1]
    return Double(doubled) / (2 * Double(background) * Double(total))
  }

  /// The signal's rate at a false-positive rate, read off a resample as `RateAtFPR` does.
  func rate(atFPR target: Double, cumulated: [Int], cumulatedBackground: [Int]) -> Double {
    let total = cumulated[cumulated.count - 1]
    let background = cumulatedBackground[cumulatedBackground.count - 1]
    guard total > 0, background > 0 else { return .nan }
    let allowed = allowedCount(target, of: background)
    if allowed == background { return 1 }
    // The place of the (k + 1)-th largest: exactly k drawn events come before it.
    let place = cumulatedBackground.partitioningIndex { $0 >= background - allowed } - 1
    let firstPassing = below.partitioningIndex { Int($0) > place }
    return Double(total - cumulated[firstPassing]) / Double(total)
  }
}
