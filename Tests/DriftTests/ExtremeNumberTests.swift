internal import Calibration
internal import Drift
internal import Testing

/// Conditions, features and references at the ends of float32: nothing traps, and what is said is
/// finite.
@Suite struct ExtremeNumberTests {
  private static let extremes: [Float] = [
    0, -0.0, 1, -1, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude, 1e-30,
    3e38, -3e38, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 16_777_216, 1e10,
  ]

  @Test func aBinningAroundAnyTwoConditionsHoldsBoth() {
    for low in Self.extremes {
      for high in Self.extremes where low <= high {
        let binning = ConditionBinning(around: low...high)
        #expect(binning.bin(of: low) != nil, "\(low) of \(low)...\(high)")
        #expect(binning.bin(of: high) != nil, "\(high) of \(low)...\(high)")
        for bin in 0..<ConditionBinning.binCount {
          let edges = (binning.lowerEdge(ofBin: bin), binning.lowerEdge(ofBin: bin + 1))
          #expect(edges.0.isFinite && edges.1.isFinite && edges.0 <= edges.1)
        }
      }
    }
  }

  /// Two events with conditions of +3e38 and -3e38 among 200,000 ended the daemon.
  @Test func anyPairOfConditionsIsJudged() throws {
    let stream = try DecidedStream(seed: 1, points: ["loose=0.01"])
    for first in Self.extremes {
      for second in Self.extremes {
        var settings = DriftSettings()
        settings.decidedWindowEventCount = 1_000
        let monitor = DriftMonitor(
          calibration: stream.calibration, featureNames: nil, featureCount: 1, settings: settings)
        for event in 0..<70_000 {
          let condition = event == 500 ? first : event == 2_500 ? second : Float(event % 60)
          monitor.noteEvent(
            condition: condition, fired: event % 100 == 0 ? 1 : 0, isScorable: event % 9 != 0)
          if event % 1_000 == 999 { _ = monitor.evaluate(atHours: Double(event) / 1e6) }
        }
        _ = monitor.finish(atHours: 1)
        for rate in monitor.report.conditions {
          #expect(rate.conditions.lowerBound.isFinite && rate.conditions.upperBound.isFinite)
        }
      }
    }
  }

  @Test(arguments: extremes)
  func featuresAtExtremesAreSummed(reference: Float) throws {
    let background = SyntheticBackground(featureCount: 2, seed: 3)
    let calibration = try background.calibration(eventCount: 2_000, points: ["a=0.1"]) {
      event, features in
      // Some events must have a score.
      if event % 4 == 3 { return }
      features[0] = event % 2 == 0 ? reference : reference.nextDown
      if !features[0].isFinite { features[0] = reference }
    }
    for value in Self.extremes {
      let monitor = DriftMonitor(
        calibration: calibration, featureNames: nil, featureCount: 2)
      background.forEachEvent(5_000..<25_000) { event, features in
        features[0] = event % 3 == 0 ? value : -value
        features[1] = event % 3 == 0 ? value : reference
      } _: { score, features in
        monitor.noteSampled(score: score, features: features)
        _ = monitor.evaluate(atHours: 1)
      }
      _ = monitor.finish(atHours: 2)
      #expect(monitor.report.features.count == 2)
    }
  }

  /// A constant that was computed twice is still one, however often it is off by a step.
  @Test func aSpreadOfRoundingIsNoScale() throws {
    let background = SyntheticBackground(featureCount: 2, seed: 5)
    let calibration = try background.calibration(eventCount: 20_000, points: ["a=0.1"]) {
      event, features in features[0] = event == 700 ? Float(5).nextUp : 5
    }
    let monitor = DriftMonitor(calibration: calibration, featureNames: nil, featureCount: 2)
    func note(_ value: @escaping (Int) -> Float) {
      background.forEachEvent(30_000..<50_000) { event, features in
        features[0] = value(event)
      } _: { score, features in
        monitor.noteSampled(score: score, features: features)
        _ = monitor.evaluate(atHours: 1)
      }
    }
    note { $0 % 50 == 0 ? Float(5).nextUp : 5 }
    #expect(!monitor.report[.featureMean].isRaised && !monitor.report[.featureSpread].isRaised)
    note { $0 % 2 == 0 ? 5.001 : 5 }
    #expect(monitor.report[.featureMean].isRaised)
  }

  @Test func aReferenceOfInfiniteReachIsNone() throws {
    var calibration = try DecidedStream(seed: 1, points: ["a=0.01"]).calibration
    for (mean, spread) in [(1e308, 1e308), (-1e308, 1e308), (3e38, 3e38)] {
      calibration.reference.condition = ConditionSummary(
        eventCount: 5, mean: mean, standardDeviation: spread)
      #expect(makeJudge(calibration, DriftSettings()).binning == .none)
    }
    calibration.reference.condition = ConditionSummary(
      eventCount: 5, mean: 0, standardDeviation: 0)
    #expect(makeJudge(calibration, DriftSettings()).binning.bin(of: 0) != nil)
  }
}
