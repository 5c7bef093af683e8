internal import DurableFiles
internal import NumberText

/// The working points asked for, and how their thresholds come from background scores.
///
///     let plan = try CalibrationPlan(requests, confidence: 0.95)
///     var scores = plan.accumulator(eventCountMax: source.eventCount)
///     scores.add(chunk)  // as often as there are chunks
///     let points = try plan.workingPoints(from: scores)
///
/// Working points of the low side need a `QuietTally` as well.
package struct CalibrationPlan: Equatable, Sendable {
  /// In the order of the calibration file: bit i of a flagged record is request i.
  package let requests: [WorkingPointRequest]
  /// The confidence of intervals, and of the promise `withConfidence`; in (0, 1).
  package let confidence: Double
  /// Whether a fitted tail gives the thresholds of rates for which there are too few events.
  let allowsExtrapolation: Bool

  /// Checks that there are 1 to 16 requests with different names and a confidence in (0, 1).
  package init(
    _ requests: [WorkingPointRequest], confidence: Double = 0.95,
    allowingExtrapolation: Bool = false
  ) throws(CalibrationError) {
    guard (1...WorkingPoint.countMax).contains(requests.count) else {
      throw .argument(
        found: counted(requests.count, "working point"), expected: "1 to \(WorkingPoint.countMax)")
    }
    var names: Set<String> = []
    for request in requests where !names.insert(request.name).inserted {
      throw .argument(found: "two working points \(request.name)", expected: "different names")
    }
    guard confidence > 0 && confidence < 1 else {
      throw .argument(
        found: "the confidence \(confidence)", expected: "a number between 0 and 1, such as 0.95")
    }
    self.requests = requests
    self.confidence = confidence
    allowsExtrapolation = allowingExtrapolation
  }

  /// An accumulator for at most `eventCountMax` events, which keeps `scoresNeeded`.
  package func accumulator(eventCountMax: Int) -> ThresholdAccumulator {
    ThresholdAccumulator(capacity: scoresNeeded(eventCountMax: eventCountMax))
  }

  /// How many of the largest scores of at most `eventCountMax` events are needed: the scores down
  /// to the loosest threshold and one more (about `eventCountMax` times the highest rate), and the
  /// scores of a tail fit where one is allowed; and an eighth for `BackgroundRates`. Events that
  /// cannot be scored only lower the need; further events never lower it.
  package func scoresNeeded(eventCountMax: Int) -> Int {
    let forRanks = scoresNeededForThresholds(eventCountMax: eventCountMax)
    let forTail = allowsExtrapolation ? ParetoTail.excessCount(of: eventCountMax) + 1 : 0
    let forRates = BackgroundRates.scoresNeeded(eventCount: eventCountMax)
    return min(max(forRanks, forTail, forRates), eventCountMax)
  }

  /// Whether a working point of the low side is asked for.
  package var hasQuiet: Bool { requests.contains { $0.side == .low } }

  /// How many of the lowest scores of at most `eventCountMax` events are needed.
  package func lowestScoresNeeded(eventCountMax: Int) -> Int {
    hasQuiet ? min(deepestRank(of: .low, count: eventCountMax) + 1, eventCountMax) : 0
  }

  func deepestRank(of side: ScoreSide, count: Int) -> Int {
    requests.filter { $0.side == side }.map { rankFromTop($0, count: count) }.max() ?? 0
  }

  /// The working points, in the order of the requests. `scores` comes from `accumulator` and has
  /// seen all events; so has `quiet`, where a point of the low side is asked for.
  package func workingPoints(
    from scores: ThresholdAccumulator, quiet: QuietTally? = nil
  ) throws(CalibrationError) -> [WorkingPoint] {
    let largest = scores.largest()
    let lowest = quiet?.scores.largest() ?? []
    var points: [WorkingPoint] = []
    for (index, request) in requests.enumerated() {
      let fromTop = rankFromTop(request, count: scores.scorableCount)
      if request.side == .low {
        points.append(
          try quietPoint(request, fromEnd: fromTop, lowest, count: scores.scorableCount))
        continue
      }
      if fromTop > 0 {
        points.append(
          try workingPoint(request, fromTop: fromTop, largest, count: scores.scorableCount))
      } else if allowsExtrapolation {
        let extrapolation = TailExtrapolation(
          request: request, confidence: confidence, stream: UInt64(index))
        points.append(try extrapolation.workingPoint(largest, count: scores.scorableCount))
      } else {
        throw .tooFewEvents(
          workingPoint: request.name, rate: request.targetFPR, guarantee: request.guarantee,
          found: scores.scorableCount,
          needed: request.guarantee.countNeeded(rate: request.targetFPR, confidence: confidence))
      }
    }
    try checkApart(points)
    return points
  }

  /// The mirror image of a high point: scores with the opposite sign.
  private func quietPoint(
    _ request: WorkingPointRequest, fromEnd: Int, _ lowest: [Float], count: Int
  ) throws(CalibrationError) -> WorkingPoint {
    guard fromEnd > 0 else {
      throw .tooFewForQuiet(
        workingPoint: request.name, rate: request.targetFPR, found: count,
        needed: request.guarantee.countNeeded(rate: request.targetFPR, confidence: confidence))
    }
    precondition(fromEnd <= lowest.count, "too few of the lowest scores were kept")
    let threshold = 0 - lowest[fromEnd - 1]
    guard threshold > 0, threshold.isFinite else {
      throw .emptyQuietPoint(workingPoint: request.name, threshold: threshold, eventCount: count)
    }
    return WorkingPoint(
      name: request.name, targetFPR: request.targetFPR, threshold: threshold, rank: fromEnd,
      fprInterval: trueRateInterval(
        rank: count + 1 - fromEnd, of: count, confidence: confidence),
      guarantee: request.guarantee, prescale: request.prescale, side: .low)
  }

  /// No event may fire on both sides.
  private func checkApart(_ points: [WorkingPoint]) throws(CalibrationError) {
    guard let low = points.filter({ $0.side == .low }).max(by: { $0.threshold < $1.threshold }),
      let high = points.filter({ $0.side == .high }).min(by: { $0.threshold < $1.threshold }),
      low.threshold > high.threshold
    else { return }
    throw .argument(
      found: "the quiet working point \(low.name), whose threshold \(low.threshold) is above the "
        + "\(high.threshold) of \(high.name)",
      expected: "rates so low that no event fires both")
  }

  private func rankFromTop(_ request: WorkingPointRequest, count: Int) -> Int {
    request.guarantee.rankFromTop(rate: request.targetFPR, count: count, confidence: confidence)
  }

  private func workingPoint(
    _ request: WorkingPointRequest, fromTop: Int, _ largest: [Float], count: Int
  ) throws(CalibrationError) -> WorkingPoint {
    precondition(fromTop <= largest.count, "more events than the accumulator was made for")
    let threshold = largest[fromTop - 1]
    guard threshold.isFinite else {
      throw .infiniteThreshold(
        workingPoint: request.name, infiniteCount: largest.count { $0.isInfinite },
        eventCount: count)
    }
    let rank = count + 1 - fromTop
    return WorkingPoint(
      name: request.name, targetFPR: request.targetFPR, threshold: threshold, rank: rank,
      fprInterval: trueRateInterval(rank: rank, of: count, confidence: confidence),
      guarantee: request.guarantee, prescale: request.prescale)
  }
}
