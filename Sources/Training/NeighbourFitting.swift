internal import ScoreModel

/// Takes prototypes from the training events and measures how far apart these lie.
///
/// Prototypes are events at equal steps through those that the network learns from, all where they
/// are few: 8,192 at most, and no more than 262,144 values in all, so that the search costs no more
/// than the network. Everything is a function of the events alone.
struct NeighbourFitting {
  let events: StandardisedEvents
  let split: HeldOutSplit

  static let prototypeMax = 8_192
  static let valueMax = 1 << 18
  /// Events whose nearest neighbour is looked for.
  private static let probeMax = 1_024
  /// Events whose values are counted.
  private static let countedMax = 1 << 16

  /// How many prototypes there are.
  var prototypeCount: Int {
    min(
      split.learntCount, NeighbourFitting.prototypeMax,
      max(1, NeighbourFitting.valueMax / events.featureCount))
  }

  /// Which event a prototype is.
  private func prototype(_ place: Int) -> Int {
    split.learntEvent(place * split.learntCount / prototypeCount)
  }

  /// All prototypes, row-major.
  func prototypes() -> [Float] {
    (0..<prototypeCount).flatMap { events[prototype($0)] }
  }

  /// O(probes x prototypes x D + N D).
  func facts() -> NeighbourFacts {
    NeighbourFacts(
      eventCount: events.eventCount, featureCount: events.featureCount,
      meanSquare: meanSquare(), largest: largest(), continuousCount: continuousCount())
  }

  private func meanSquare() -> Double {
    let width = events.featureCount
    let prototypes = prototypes()
    let owners = (0..<prototypeCount).map(prototype)
    let probeCount = min(split.learntCount, NeighbourFitting.probeMax)
    var sum = 0.0
    for probe in 0..<probeCount {
      let event = split.learntEvent(probe * split.learntCount / probeCount)
      let values = events.values.base + event * width
      var nearest = Double.infinity
      prototypes.withUnsafeBufferPointer { prototypes in
        for place in 0..<owners.count where owners[place] != event {
          var square = 0.0
          var feature = 0
          let row = place * width
          while feature < width, square < nearest {
            let difference = Double(values[feature] - prototypes[row + feature])
            square += difference * difference
            feature += 1
          }
          if feature == width, square < nearest { nearest = square }
        }
      }
      sum += nearest
    }
    return sum / Double(probeCount)
  }

  private func largest() -> Double {
    var largest: Float = 0
    for place in 0..<events.eventCount * events.featureCount {
      largest = max(largest, abs(events.values.base[place]))
    }
    return Double(largest)
  }

  private func continuousCount() -> Int {
    let counted = min(events.eventCount, NeighbourFitting.countedMax)
    return (0..<events.featureCount).count { feature in
      var seen: Set<Float> = []
      for place in 0..<counted {
        let event = place * events.eventCount / counted
        seen.insert(events.values.base[event * events.featureCount + feature])
        if seen.count > NeighbourFacts.manyValues { return true }
      }
      return false
    }
  }
}

extension NeighbourFitting {
  /// The distance that a trained network's score gets, and one sentence that says why.
  func choose(
    _ choice: DistanceChoice, scoring: Scoring, measurement: NetworkMeasurement?,
    isAutomatic: Bool
  ) throws(TrainingError) -> (distance: NeighbourDistance?, sentence: String) {
    let factor: Double
    switch choice {
    case .none: return (nil, "no distance: as asked")
    case .automatic:
      guard isAutomatic else { return (nil, "no distance: levels are given") }
      factor = DistanceChoice.usualFactor
    case .weighted(let given): factor = given
    }
    guard let measurement else {
      throw TrainingError.tooFewEvents(found: events.eventCount, needed: HeldOutSplit.period)
    }
    let facts = facts()
    let sigma = Double(scoring.levels.map { measurement.levels[$0].sigma }.min() ?? 0)
    let reason: String
    if choice == .automatic {
      guard let found = facts.reason(sigma: sigma) else {
        return (nil, "no distance to training events: \(facts.reasonForNone(sigma: sigma))")
      }
      reason = found
    } else {
      reason = "as asked"
    }
    var norm = 0.0
    for (level, weight) in zip(scoring.levels, scoring.weights) {
      norm += Double(weight) * measurement.levels[level].normMean
    }
    let weight = Float(factor * norm / facts.meanSquare)
    guard weight.isFinite, weight >= .leastNormalMagnitude else {
      let why =
        facts.meanSquare > 0 && norm > 0
        ? "its weight would be \(factor * norm / facts.meanSquare), beyond the range of float32"
        : facts.meanSquare > 0 ? "the network's norm is 0" : "they do not differ"
      return (nil, "no distance to training events: \(why)")
    }
    let distance = NeighbourDistance(
      prototypes: prototypes(), count: prototypeCount, weight: weight)
    return (
      distance,
      "the squared distance to the nearest of \(prototypeCount) training events is added, weight "
        + "\(weight), so that on background it is \(factor) times the network's part: \(reason)"
    )
  }
}
