import Calibration
import Drift
import Testing

/// What must alarm does, within the stated number of events after it began.
@Suite struct ProvocationTests {
  /// Two windows: the one in which it begins, and a whole one.
  static let sampledEventsStated = 4_000
  /// It begins within a window.
  static let start = 3_000

  @Test(arguments: UInt64(1)...20)
  func aShiftOfAFifthOfAStandardDeviation(seed: UInt64) throws {
    try expectAlarm(.featureMean, seed: seed, subject: "f17") { $0[17] += 0.2 }
  }

  @Test(arguments: UInt64(1)...20)
  func aDeadFeature(seed: UInt64) throws {
    let value: Float = [0, 1.5, -3, 1e6][Int(seed % 4)]
    try expectAlarm(.featureSpread, seed: seed, subject: "f63") { $0[63] = value }
  }

  @Test(arguments: UInt64(1)...20)
  func aFeatureThatIsNoNumber(seed: UInt64) throws {
    try expectAlarm(.notFinite, seed: seed, subject: "f0") {
      $0[0] = seed.isMultiple(of: 2) ? .nan : .infinity
    }
  }

  /// One event in twenty has the object that this feature is of.
  @Test(arguments: UInt64(1)...20)
  func aDeadFeatureThatIsMostlyZero(seed: UInt64) throws {
    try expectAlarm(
      .featureSpread, seed: seed, subject: "f5",
      before: { $0[5] = $0[6] > 1.645 ? 30 + 10 * $0[5] * $0[5] : 0 }, change: { $0[5] = 0 })
  }

  @Test(arguments: UInt64(1)...3)
  func aConstantFeatureThatChanges(seed: UInt64) throws {
    try expectAlarm(
      .featureMean, seed: seed, subject: "f5", before: { $0[5] = 2 },
      change: { if $0[6] > 2.33 { $0[5] = 3 } })
  }

  @Test(arguments: UInt64(1)...3)
  func aFeatureWithTwiceTheNoise(seed: UInt64) throws {
    try expectAlarm(.featureSpread, seed: seed, subject: "f9") { $0[9] *= 1.3 }
  }

  @Test(arguments: UInt64(1)...3)
  func allScoresLarger(seed: UInt64) throws {
    try expectAlarm(.score, seed: seed, subject: nil) { features in
      for index in features.indices { features[index] *= 1.02 }
    }
  }

  private typealias Change = (UnsafeMutableBufferPointer<Float>) -> Void

  private func expectAlarm(
    _ check: DriftCheck.Name, seed: UInt64, subject: String?, before: @escaping Change = { _ in },
    change: @escaping Change
  ) throws {
    let calibration = try SyntheticBackground(seed: seed).calibration(
      eventCount: 50_000, change: { before($1) })
    var stream = SampledStream(
      DriftMonitor(calibration: calibration, featureNames: nil, featureCount: 64))
    SyntheticBackground(seed: seed + 1_000).forEachEvent(
      0..<Self.start + Self.sampledEventsStated,
      change: { event, features in
        before(features)
        if event >= Self.start { change(features) }
      }, { stream.note($0, $1) })
    let alarms = stream.raised
    #expect(alarms.allSatisfy { $0.event >= Self.start }, "\(alarms.map(\.change.text))")
    let own = try #require(alarms.first { $0.change.check.name == check })
    #expect(own.event <= Self.start + Self.sampledEventsStated)
    #expect(own.change.check.subject == subject)
    #expect(try #require(own.change.check.statistic) > #require(own.change.check.limit))
  }

  /// The rate is 0.9^-6 = 1.88 times what it should be. A working point with 1,000 background scores
  /// above it shows that in 200,000 events where it expects 2,000: 400,000 events.
  @Test(arguments: UInt64(1)...20)
  func thresholdsTenPerCentTooLow(seed: UInt64) throws {
    #expect(
      try eventsUntilAlarm(seed: seed, points: ["loose=0.01", "nominal=0.001"]) <= 400_000)
  }

  /// Where only 200 are expected the sum of eight windows is needed: 3,200,000 events.
  @Test(arguments: UInt64(1)...20)
  func aThresholdTenPerCentTooLowThatFewEventsPass(seed: UInt64) throws {
    #expect(
      try eventsUntilAlarm(
        seed: seed, points: ["nominal=0.001"], calibrationEvents: 1_000_000) <= 3_200_000)
  }

  private func eventsUntilAlarm(
    seed: UInt64, points: [String], calibrationEvents: Int = 100_000
  ) throws -> Int {
    var stream = try DecidedStream(
      seed: seed, points: points, calibrationEvents: calibrationEvents, thresholdFactor: 0.9)
    defer { stream.deallocate() }
    var judge = makeJudge(stream.calibration, DriftSettings())
    while !judge.report[.flaggedRate].isRaised, stream.windowCount < 100 {
      stream.next(binning: .none) { judge.add($0, hours: 1 / 360) }
    }
    #expect(judge.report[.flaggedRate].direction == .up)
    // It may have begun right after the start of the window, or of the eight, before.
    let length = (judge.report[.flaggedRate].windowEventCount) / stream.eventCount
    return (stream.windowCount + length) * stream.eventCount
  }
}
