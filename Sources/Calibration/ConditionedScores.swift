/// The largest background scores by bin of the condition.
package struct ConditionedScores: Sendable {
  /// Ascending, all different; see `ConditionBins.edges`.
  package fileprivate(set) var edges: [Float]
  /// One a bin.
  fileprivate var bins: [ThresholdAccumulator]
  /// Of events whose condition is NaN.
  fileprivate var unknown: ThresholdAccumulator

  /// No scores yet. `capacity` is the number of largest scores kept of each bin: what a single bin of
  /// all events would need, so that bins can be merged.
  package init(edges: [Float], capacity: Int) {
    precondition(edges.count < ConditionBins.countMax)
    self.edges = edges
    bins = (0...edges.count).map { _ in ThresholdAccumulator(capacity: capacity) }
    unknown = ThresholdAccumulator(capacity: capacity)
  }

  /// Adds scores with the conditions of their events. Traps where their numbers differ.
  package mutating func add(
    _ scores: UnsafeBufferPointer<Float>, conditions: UnsafeBufferPointer<Float>
  ) {
    precondition(scores.count == conditions.count)
    for (score, condition) in zip(scores, conditions) { add(score, condition: condition) }
  }

  /// Adds the score of an event with its condition.
  mutating func add(_ score: Float, condition: Float) {
    let bin = ConditionBins.bin(of: condition, edges: edges)
    if bin < bins.count { bins[bin].add(score) } else { unknown.add(score) }
  }

  /// Edges at the quantiles of `conditions`, for up to `count` bins of about as many events each. Equal
  /// quantiles give one edge; NaN and infinite conditions take no part.
  package static func edges(of conditions: [Float], count: Int) -> [Float] {
    let finite = conditions.filter(\.isFinite).sorted()
    guard let lowest = finite.first, count > 1 else { return [] }
    var edges: [Float] = []
    for index in 1..<min(count, ConditionBins.countMax) {
      // Below 2^50 events times 64 bins.
      let edge = finite[finite.count * index / min(count, ConditionBins.countMax)] + 0
      if edge > edges.last ?? lowest { edges.append(edge) }
    }
    return edges
  }
}

extension CalibrationPlan {
  /// How many of the largest scores of at most `eventCountMax` events the thresholds alone need.
  package func scoresNeededForThresholds(eventCountMax: Int) -> Int {
    min(deepestRank(of: .high, count: eventCountMax) + 1, eventCountMax)
  }

  /// Thresholds by bin. Bins with too few events for a working point are merged with the neighbour
  /// that has fewer; `merged` says how many. Nil where a single bin is left.
  ///
  /// - Throws: `CalibrationError` where a bin's threshold would be infinite.
  package func conditionBins(
    of scores: ConditionedScores
  ) throws(CalibrationError) -> (bins: ConditionBins?, merged: Int) {
    var (scores, merged) = (scores, 0)
    while let short = scores.shortest(where: { !isEnough($0) }), !scores.edges.isEmpty {
      scores.merge(short)
      merged += 1
    }
    guard !scores.edges.isEmpty else { return (nil, merged) }
    var thresholds: [[ConditionBins.Threshold]] = []
    var unknown: [ConditionBins.Threshold]? = isEnough(scores.unknown) ? [] : nil
    for request in requests {
      var row: [ConditionBins.Threshold] = []
      for bin in scores.bins { row.append(try threshold(request, in: bin)) }
      thresholds.append(row)
      if unknown != nil { unknown?.append(try threshold(request, in: scores.unknown)) }
    }
    return (
      ConditionBins(
        edges: scores.edges, eventCounts: scores.bins.map(\.scorableCount),
        unknownCount: scores.unknown.scorableCount, thresholds: thresholds,
        unknown: unknown),
      merged
    )
  }

  private func isEnough(_ scores: ThresholdAccumulator) -> Bool {
    requests.allSatisfy { fromTop($0, in: scores) > 0 }
  }

  /// The rank of one event less: the event whose condition is the bin's edge is not exchangeable with
  /// the others of its bin. A further score among the ranked ones can only raise the threshold.
  private func fromTop(_ request: WorkingPointRequest, in scores: ThresholdAccumulator) -> Int {
    guard scores.scorableCount >= 2 else { return 0 }
    return request.guarantee.rankFromTop(
      rate: request.targetFPR, count: scores.scorableCount - 1, confidence: confidence)
  }

  private func threshold(
    _ request: WorkingPointRequest, in scores: ThresholdAccumulator
  ) throws(CalibrationError) -> ConditionBins.Threshold {
    let fromTop = fromTop(request, in: scores)
    let (largest, count) = (scores.largest(), scores.scorableCount)
    precondition((1...largest.count).contains(fromTop), "too few scores were kept of a bin")
    guard largest[fromTop - 1].isFinite else {
      throw .infiniteThreshold(
        workingPoint: request.name, infiniteCount: largest.count { $0.isInfinite },
        eventCount: count)
    }
    let rank = count + 1 - fromTop
    return ConditionBins.Threshold(
      threshold: largest[fromTop - 1], rank: rank,
      fprInterval: trueRateInterval(rank: rank, of: count, confidence: confidence))
  }
}

extension ConditionedScores {
  /// The bin of fewest events among those that `isShort`.
  fileprivate func shortest(where isShort: (ThresholdAccumulator) -> Bool) -> Int? {
    bins.indices.filter { isShort(bins[$0]) }
      .min { bins[$0].scorableCount < bins[$1].scorableCount }
  }

  /// Merges a bin with the neighbour of fewer events.
  fileprivate mutating func merge(_ bin: Int) {
    let isWithNext =
      bin == 0
      || bin + 1 < bins.count && bins[bin + 1].scorableCount < bins[bin - 1].scorableCount
    let first = isWithNext ? bin : bin - 1
    bins[first].merge(bins[first + 1])
    bins.remove(at: first + 1)
    edges.remove(at: first)
  }
}
