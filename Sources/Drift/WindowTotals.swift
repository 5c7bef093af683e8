internal import Calibration

/// The sums over events of the unbiased sample that the checks need, for any number of windows.
struct SampledTotals: Equatable {
  var eventCount = 0
  /// Cells of `SampledSums`.
  var scores: [Int]
  var features: [FeatureSums]
  /// Windows of the shortest length, and the hours that they took.
  var windowCount = 0
  var hours = 0.0

  init(featureCount: Int) {
    scores = [Int](repeating: 0, count: SampledSums.scoreCellCount)
    features = [FeatureSums](repeating: FeatureSums(), count: featureCount)
  }

  mutating func add(_ window: SampledSums, hours: Double) {
    eventCount += window.eventCount
    for cell in scores.indices { scores[cell] += window.scores[cell] }
    for index in features.indices { features[index].merge(window.features[index]) }
    windowCount += 1
    self.hours += hours
  }

  var scoredCount: Int { scores.reduce(0, +) }
}

/// The sums over decided events that the checks need, for any number of windows.
struct DecidedTotals: Equatable {
  var eventCount = 0
  var notScorableCount = 0
  /// Scored events above each threshold.
  var flagged: [Int]
  var windowCount = 0
  var hours = 0.0

  var scoredCount: Int { eventCount - notScorableCount }

  init(pointCount: Int) {
    flagged = [Int](repeating: 0, count: pointCount)
  }

  mutating func add(_ window: DecidedCounts, hours: Double) {
    eventCount += window.eventCount
    notScorableCount += window.notScorableCount
    for point in flagged.indices { flagged[point] += window.flagged[point] }
    windowCount += 1
    self.hours += hours
  }
}
