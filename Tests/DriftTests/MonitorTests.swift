import Calibration
import Drift
import Synchronization
import Testing
import WorkerThreads

@Suite struct MonitorTests {
  private static let background = SyntheticBackground(featureCount: 4, seed: 5)

  private func monitor(
    _ calibration: TriggerCalibration, featureCount: Int = 4,
    _ change: (inout DriftSettings) -> Void
  ) -> DriftMonitor {
    var settings = DriftSettings()
    settings.sampledWindowEventCount = 1_000
    settings.decidedWindowEventCount = 1_000
    change(&settings)
    return DriftMonitor(
      calibration: calibration, featureNames: nil, featureCount: featureCount, settings: settings)
  }

  @Test func scoreCellsAreTheCalibrationsBins() {
    let scores: [Float] =
      [0, -1, 1e-9, 0x1p-16, 0x1.1p-16, 1, 212.5, 0x1p48, 0x1.ep47, .infinity]
      + (0..<1_000).map { Float($0 * $0) * 0.37 }
    for score in scores {
      let bin = ScoreHistogram.bin(of: score)
      let expected =
        bin < 0
        ? SampledSums.underflowCell
        : bin >= ScoreHistogram.binCount ? SampledSums.overflowCell : bin
      #expect(SampledSums.cell(of: score) == expected, "\(score)")
    }
  }

  @Test func aCalibrationWithoutAReferenceMakesAWeakerMonitor() throws {
    var calibration = try Self.background.calibration(eventCount: 2_000, points: ["a=0.01"])
    calibration.reference = DriftReference()
    calibration.workingPoints[0].rank = nil
    let monitor = monitor(calibration) {
      $0.ignoredChecks = [.condition]
      $0.ignoredFeatures = ["f9"]
    }
    Self.background.forEachEvent(0..<5_000) { score, features in
      monitor.noteSampled(score: score, features: features)
      monitor.noteEvent(condition: 1, fired: 1, isScorable: true)
      _ = monitor.evaluate()
    }
    let report = monitor.report
    #expect(report.checks.map(\.name) == DriftCheck.Name.allCases)
    #expect(report.checks.filter(\.isActive).map(\.name) == [.notFinite])
    #expect(report[.notFinite].windowCount > 0 && !report.isRaised)
    #expect(report.realisedRates[0].isExtrapolated && report.realisedRates[0].rate == 1)
    for word in ["histogram", "no features", "extrapolated", "condition"] {
      #expect(report.notes.contains { $0.contains(word) }, "\(word): \(report.notes)")
    }
  }

  @Test func otherFeaturesThanTheModelsAreNotCompared() throws {
    let calibration = try Self.background.calibration(eventCount: 2_000, points: ["a=0.01"])
    let monitor = monitor(calibration, featureCount: 3) { _ in }
    [Float](repeating: 1, count: 3).withUnsafeBufferPointer { features in
      for _ in 0..<1_000 { monitor.noteSampled(score: 1, features: features) }
    }
    _ = monitor.evaluate()
    #expect(!monitor.report[.featureMean].isActive && monitor.report.features.isEmpty)
    #expect(monitor.report.notes.contains { $0.contains("4 features") })
  }

  @Test func withoutFourthMomentsTheExtremesStandIn() throws {
    var calibration = try Self.background.calibration(eventCount: 20_000, points: ["a=0.01"])
    for index in 0..<4 { calibration.reference.features?.features[index].kurtosis = nil }
    let monitor = monitor(calibration) { _ in }
    var alarms: [DriftChange] = []
    Self.background.forEachEvent(20_000..<40_000, change: { if $0 >= 30_000 { $1[2] *= 2 } }) {
      monitor.noteSampled(score: $0, features: $1)
      alarms += monitor.evaluate().filter { $0.kind == .raised && $0.check.name == .featureSpread }
    }
    #expect(monitor.report.notes.contains { $0.contains("fourth moments") })
    #expect(alarms.count == 1 && alarms[0].check.subject == "f2")
    #expect(alarms[0].check.direction == .up)
  }

  @Test func whatIsLeftOutByNameRaisesNothing() throws {
    let calibration = try Self.background.calibration(eventCount: 20_000, points: ["a=0.01"])
    let monitor = monitor(calibration) {
      $0.ignoredFeatures = ["f2"]
      $0.ignoredChecks = [.score]
    }
    Self.background.forEachEvent(20_000..<30_000, change: { $1[2] = 40 }) {
      monitor.noteSampled(score: $0, features: $1)
      #expect(monitor.evaluate().isEmpty)
    }
    #expect(monitor.report[.featureMean].windowCount > 0)
    #expect(monitor.report.features[2].isIgnored)
  }

  @Test func aLateJudgeLeavesEventsOutAndCountsThem() throws {
    let calibration = try Self.background.calibration(eventCount: 2_000, points: ["a=0.01"])
    let monitor = monitor(calibration) { _ in }
    for _ in 0..<2_500 { monitor.noteEvent(condition: .nan, fired: 0, isScorable: true) }
    Self.background.forEachEvent(0..<2_300) { monitor.noteSampled(score: $0, features: $1) }
    _ = monitor.evaluate()
    #expect(monitor.report.decidedLeftOutCount == 500)
    #expect(monitor.report.sampledLeftOutCount == 300)
    #expect(monitor.report.realisedRates[0].scoredCount == 2_000)
  }

  /// In pieces that end within windows and that span some, with a judge that is late now and then.
  @Test(arguments: [1, 7, 1_000, 2_600])
  func manyAtOnceCountAsOneByOne(pieceCount: Int) throws {
    let calibration = try Self.background.calibration(eventCount: 2_000, points: ["a=0.01"])
    let (together, apart) = (monitor(calibration) { _ in }, monitor(calibration) { _ in })
    var number: UInt32 = 1
    for piece in 0..<12_000 / pieceCount {
      let events = (0..<pieceCount).map { _ in
        number = number &* 1_664_525 &+ 1_013_904_223
        return DecidedEvent(
          condition: number >> 28 == 0 ? .nan : Float(number >> 8 & 0xFFFF) / 100,
          fired: number >> 24 < 3 ? 1 : 0, isScorable: number >> 20 & 63 != 0)
      }
      together.noteEvents(events, count: pieceCount)
      for event in events {
        apart.noteEvent(
          condition: event.condition, fired: event.fired, isScorable: event.isScorable)
      }
      guard piece.isMultiple(of: 3) else { continue }
      _ = together.evaluate(atHours: Double(piece))
      _ = apart.evaluate(atHours: Double(piece))
    }
    _ = together.finish(atHours: 12_000)
    _ = apart.finish(atHours: 12_000)
    #expect("\(together.report)" == "\(apart.report)")
    #expect((together.report.decidedLeftOutCount > 0) == (pieceCount >= 1_000))
    #expect(together.report.realisedRates[0].scoredCount > 0)
  }

  @Test func twoThreadsLoseNothing() throws {
    let calibration = try Self.background.calibration(eventCount: 2_000, points: ["a=0.01"])
    let monitor = monitor(calibration) { $0.decidedWindowEventCount = 10_000 }
    let isDone = Atomic<Bool>(false)
    let total = 3_000_000
    withUnsafePointer(to: isDone) { isDone in
      nonisolated(unsafe) let isDone = isDone
      let thread = WorkerThread(name: "note") {
        for event in 0..<total {
          monitor.noteEvent(
            condition: Float(event % 50), fired: event.isMultiple(of: 100) ? 1 : 0,
            isScorable: true)
        }
        isDone.pointee.store(true, ordering: .releasing)
      }
      while !isDone.pointee.load(ordering: .acquiring) { _ = monitor.evaluate() }
      thread.join()
    }
    _ = monitor.evaluate()
    let report = monitor.report
    // Windows of the events' part of not_finite: 1, 8 and 64 shortest ones.
    let windows = (total - Int(report.decidedLeftOutCount)) / 10_000
    #expect(report[.notFinite].windowCount == UInt64(windows + windows / 8 + windows / 64))
    #expect(abs(try #require(report.realisedRates[0].rate) - 0.01) < 0.002)
  }

  @Test func settingsCalledByTheirNames() {
    #expect(
      DriftCheck.Name.allCases.map(\.rawValue) == [
        "score", "feature_mean", "feature_spread", "not_finite", "flagged_rate", "condition",
      ])
  }
}
