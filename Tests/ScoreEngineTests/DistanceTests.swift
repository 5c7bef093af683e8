import ScoreEngine
import ScoreModel
import Testing

/// The distance to the nearest prototype as a part of the score.
@Suite struct DistanceTests {
  /// Around the 256 prototypes that are looked through at once, the panels of 32 and the blocks of
  /// 16 columns.
  @Test(arguments: [1, 2, 15, 16, 31, 33, 255, 256, 257, 600], [1, 7, 16, 37])
  func everyInstructionSetAndBatchGivesTheScalarBits(count: Int, featureCount: Int) {
    let model = distanceModel(count: count, featureCount: featureCount)
    var generator = TestGenerator(seed: 11)
    let events = generator.floats(29 * featureCount, within: 4)
    let reference = scorer(model, .scalar).bits(of: events)
    for set in InstructionSet.available {
      let tested = scorer(model, set)
      #expect(tested.bits(of: events) == reference, "\(set)")
      for range in [0..<1, 3..<16, 5..<29] {
        let part = events[range.lowerBound * featureCount..<range.upperBound * featureCount]
        #expect(tested.bits(of: part) == reference.events(range), "\(set) \(range)")
      }
    }
  }

  /// By the definition, in float64 where it makes no difference to which prototype is nearest.
  @Test func theNearestPrototypeIsAddedFeatureByFeature() throws {
    let model = distanceModel(count: 300, featureCount: 9)
    let distance = try #require(model.distance)
    var generator = TestGenerator(seed: 5)
    let events = generator.floats(40 * 9, within: 4)
    let found = scorer(model, .best).bits(of: events)
    let alone = EventScorer(
      .exact(ScoringNetwork(model: model, withDistance: false, instructionSet: .best)),
      batchMax: 64
    ).bits(of: events)
    for event in 0..<40 {
      let z: [Float] = (0..<9).map { j in
        let raw = events[event * 9 + j]
        return (raw - model.standardiser.mean[j]) / model.standardiser.scale[j]
      }
      let squares = (0..<300).map { place in
        squaredDistance(z, distance.prototypes[place * 9..<place * 9 + 9])
      }
      let nearest = try #require(squares.indices.min { squares[$0] < squares[$1] })
      for j in 0..<9 {
        let difference = z[j] - distance.prototypes[nearest * 9 + j]
        let share = distance.weight * (difference * difference)
        let level = Float(bitPattern: alone.attributions[event * 9 + j])
        #expect(found.attributions[event * 9 + j] == (level + share).bitPattern)
      }
    }
  }

  /// Of equal prototypes the first counts; it makes no difference to any bit, so what can be seen
  /// is that a copy of an event is at distance 0 however often it is there.
  @Test func aPrototypeIsAtDistanceZero() {
    var model = distanceModel(count: 64, featureCount: 5)
    let row = Array(model.distance?.prototypes[15..<20] ?? [])
    model.distance = NeighbourDistance(
      prototypes: (0..<64).flatMap { _ in row }, count: 64, weight: 3)
    model.standardiser = Standardiser(mean: [0, 0, 0, 0, 0], scale: [1, 1, 1, 1, 1])
    let alone = EventScorer(
      .exact(ScoringNetwork(model: model, withDistance: false, instructionSet: .best)),
      batchMax: 1)
    #expect(scorer(model, .best).bits(of: row) == alone.bits(of: row))
  }

  @Test(arguments: InstructionSet.available)
  func extremeFeaturesFireAndUnscorableOnesDoNot(set: InstructionSet) {
    let model = distanceModel(count: 40, featureCount: 3)
    let extremes: [[Float]] = [
      [.greatestFiniteMagnitude, 0, 0], [-.greatestFiniteMagnitude, 1e38, -1e38], [1e20, 0, 1e-30],
    ]
    for event in extremes {
      let bits = scorer(model, set).bits(of: event)
      #expect(Float(bitPattern: bits.scores[0]) == .infinity)
      #expect(bits == scorer(model, .scalar).bits(of: event))
    }
    for value in [Float.nan, .infinity, -.infinity] {
      let bits = scorer(model, set).bits(of: [0, value, 0])
      #expect(Float(bitPattern: bits.scores[0]).isNaN)
      #expect(bits.attributions.allSatisfy { Float(bitPattern: $0).isNaN })
    }
  }

  /// A prototype so far out that half its square overflows is never the nearest, and breaks nothing.
  @Test func prototypesBeyondTheRangeOfSquaresAreIgnored() {
    var model = distanceModel(count: 3, featureCount: 2)
    model.standardiser = Standardiser(mean: [0, 0], scale: [1, 1])
    model.distance = NeighbourDistance(prototypes: [1, 1, 1e30, 1e30, 2, 2], count: 3, weight: 1)
    let bits = scorer(model, .best).bits(of: [5, 5])
    #expect(Float(bitPattern: bits.scores[0]).isFinite)
    #expect(bits == scorer(model, .scalar).bits(of: [5, 5]))
  }

  /// The screen's score differs from the exact one by the network's part alone.
  @Test(arguments: InstructionSet.available)
  func theScreenAddsTheSameDistance(set: InstructionSet) throws {
    let model = distanceModel(count: 500, featureCount: 20, weight: 5)
    let exact = ScoringNetwork(model: model, instructionSet: set)
    let screen = try ScreenNetwork(model: model, exact: exact)
    let alone = ScoringNetwork(model: model, withDistance: false, instructionSet: set)
    let screenAlone = try ScreenNetwork(model: model, exact: alone)
    var generator = TestGenerator(seed: 9)
    let events = generator.floats(50 * 20, within: 3)
    func screened(_ network: ScreenNetwork) -> [Float] {
      var scores = [Float](repeating: 0, count: 50)
      events.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        ScreenPlan(network: network, batchMax: 50).score(
          events: base, eventStride: 80, count: 50, scores: &scores)
      }
      return scores
    }
    let (with, without) = (screened(screen), screened(screenAlone))
    let both = EventScorer(.exact(exact), batchMax: 50).bits(of: events).scores
    let network = EventScorer(.exact(alone), batchMax: 50).bits(of: events).scores
    for event in 0..<50 {
      let distance = Float(bitPattern: both[event]) - Float(bitPattern: network[event])
      #expect(abs(with[event] - without[event] - distance) < 1e-4 * with[event])
    }
    // The scalar screen's bits, whatever the instruction set.
    let scalar = ScoringNetwork(model: model, instructionSet: .scalar)
    #expect(
      screened(try ScreenNetwork(model: model, exact: scalar)).map(\.bitPattern)
        == with.map(\.bitPattern))
  }

  @Test func theSearchCountsAsWork() {
    let model = distanceModel(count: 100, featureCount: 8)
    let (with, without) = (
      ScoringNetwork(model: model, instructionSet: .scalar),
      ScoringNetwork(model: model, withDistance: false, instructionSet: .scalar)
    )
    #expect(with.prototypeCount == 100 && without.prototypeCount == 0)
    #expect(with.multiplyAddsPerEvent == without.multiplyAddsPerEvent + 800)
  }
}

private func squaredDistance(_ a: [Float], _ b: ArraySlice<Float>) -> Double {
  var sum = 0.0
  for (x, y) in zip(a, b) {
    let difference = Double(x) - Double(y)
    sum += difference * difference
  }
  return sum
}

/// A network of one level with prototypes all over the place.
private func distanceModel(
  count: Int, featureCount: Int, weight: Float = 0.7
) -> TrainedModel {
  let shape = NetworkShape(
    featureCount: featureCount, hiddenWidth: 16, blockCount: 1, levelCount: 2)
  var model = randomModel(shape, levels: [1], seed: 4)
  var generator = TestGenerator(seed: UInt64(count))
  model.distance = NeighbourDistance(
    prototypes: generator.floats(count * featureCount, within: 3), count: count, weight: weight)
  return model
}
