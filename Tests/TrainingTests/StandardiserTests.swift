internal import ReproducibleMath
internal import ScoreModel
internal import Testing
internal import Training

@Suite struct StandardiserTests {
  /// More events than a chunk of the sums, four features: normal, constant, logarithmic, huge.
  private static let eventCount = 2500

  private func features() -> [[Float]] {
    let stream = RandomStream(seed: 3, stream: 1)
    return (0..<StandardiserTests.eventCount).map { event in
      let x = stream.gaussian(at: UInt64(event))
      return [x, 0.1, event % 3 == 0 ? -5 : 100 * x * x, 1e30 * (x + 2)]
    }
  }

  private func standardised(clip: Float? = nil) throws -> StandardisedEvents {
    try StandardisedEvents(
      TrainingEvents(features: features().flatMap { $0 }, featureCount: 4),
      logarithmic: [false, false, true, false], clip: clip)
  }

  @Test func fitsMeanAndStandardDeviation() throws {
    let events = try standardised()
    let columns = features().map { row in
      row.enumerated().map { $0 == 2 ? portableLog1p(max(0, Double($1))) : Double($1) }
    }
    for feature in 0..<4 {
      let values = columns.map { $0[feature] }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      let deviation = feature == 1 ? 1 : variance.squareRoot()
      #expect(abs(Double(events.standardiser.mean[feature]) - mean) <= 1e-6 * abs(mean) + 1e-9)
      #expect(abs(Double(events.standardiser.scale[feature]) / deviation - 1) < 1e-6)
    }
    #expect(events.standardiser.isLogarithmic == [false, false, true, false])
    #expect(events.standardiser.clip == nil)
  }

  @Test func tellsConstantsAndCopies() throws {
    let events = try standardised()
    #expect(events.constantFeatures == [1] && events.roundedFeatures.isEmpty)
    #expect(events.distinctEventCount == StandardiserTests.eventCount)
    for (distinct, count) in [(1, 3_000), (7, 2_100), (1_500, 3_000)] {
      let copies = try StandardisedEvents(
        TrainingEvents(
          features: (0..<count).flatMap { [Float($0 % distinct), 1 / Float(1 + $0 % distinct)] },
          featureCount: 2), logarithmic: nil, clip: nil)
      #expect(copies.distinctEventCount == distinct)
      #expect(copies.constantFeatures == (distinct == 1 ? [0, 1] : []))
    }
  }

  @Test func appliesWhatItFits() throws {
    let events = try standardised()
    for (event, row) in features().enumerated() {
      let z = events[event]
      for feature in 0..<4 {
        let x = feature == 2 ? Float(portableLog1p(Double(max(0, row[2])))) : row[feature]
        let standardiser = events.standardiser
        #expect(z[feature] == (x - standardiser.mean[feature]) / standardiser.scale[feature])
      }
      #expect(abs(z[1]) < 1e-7, "a constant feature is zero")
    }
  }

  /// One event of 20,000 off by one float step made a scale of a hundredth of a step.
  @Test(arguments: [5, 1e-3, 1e9, 1e20, -3e38, 1e-30] as [Float], [1, 3])
  func aSpreadOfRoundingIsNone(value: Float, stepCount: Int) throws {
    let other = (0..<stepCount).reduce(value) { other, _ in other.nextUp }
    var features = (0..<20_000).flatMap { [value, Float($0 % 7)] }
    features[2 * 700] = other
    let events = try StandardisedEvents(
      TrainingEvents(features: features, featureCount: 2), logarithmic: nil, clip: nil)
    #expect(events.standardiser.scale[0] == max(1, 4 * value.magnitude.ulp))
    #expect((0..<20_000).allSatisfy { abs(events[$0][0]) <= Float(stepCount) / 4 })
    #expect(events.roundedFeatures == [0])
    // Seven values of small whole numbers are no rounding.
    #expect(abs(events.standardiser.scale[1] - 2) < 1e-3)
  }

  @Test func whatIsConstantIsNotRounded() throws {
    let features = (0..<100).flatMap { [Float(0.1), Float($0)] }
    let events = try StandardisedEvents(
      TrainingEvents(features: features, featureCount: 2), logarithmic: nil, clip: nil)
    #expect(events.standardiser.scale[0] == 1)
    #expect(events.roundedFeatures.isEmpty)
  }

  /// Well above the steps the spread is taken as it is.
  @Test func aSpreadOfManyStepsIsOne() throws {
    let step = Float(1).ulp
    let features = (0..<1_000).flatMap { [1 + Float($0 % 2) * 64 * step] }
    let events = try StandardisedEvents(
      TrainingEvents(features: features, featureCount: 1), logarithmic: nil, clip: nil)
    #expect(events.roundedFeatures.isEmpty)
    #expect(abs(events.standardiser.scale[0] / (32 * step) - 1) < 1e-4)
  }

  @Test func clips() throws {
    let plain = try standardised()
    let clipped = try standardised(clip: 1.5)
    #expect(clipped.standardiser.clip == 1.5)
    for event in 0..<StandardiserTests.eventCount {
      #expect(clipped[event] == plain[event].map { min(max($0, -1.5), 1.5) })
    }
  }
}
