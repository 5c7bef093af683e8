import Calibration
import Drift
import Testing

/// A hundred simulated hours of background that does not change: alarms are no more than promised.
///
/// The promise is an expectation over streams and calibrations, so several of each are drawn.
/// Bounds are the Poisson quantile of probability 1e-4 or less at the promised expectation.
@Suite(.serialized) struct StationaryTests {
  /// 2 events a second, as of 20,000 with a prescale of 10,000; windows of 2,000.
  @Test func theUnbiasedSampleForAHundredHours() throws {
    // (promise in hours, alarms allowed in 6 x 100 h; the sampled checks have 3.5 of 6 shares).
    // Expected at most 0.35 and 11.7.
    let promises = [(hours: 1_000.0, bound: 5), (hours: 30.0, bound: 26)]
    var alarms = promises.map { _ in 0 }
    var windows: UInt64 = 0
    for seed in UInt64(1)...6 {
      let calibration = try SyntheticBackground(seed: seed).calibration(eventCount: 100_000)
      var streams = promises.map { promise in
        var settings = DriftSettings()
        settings.falseAlarmHours = promise.hours
        return SampledStream(
          DriftMonitor(
            calibration: calibration, featureNames: nil, featureCount: 64, settings: settings))
      }
      SyntheticBackground(seed: seed + 100).forEachEvent(0..<720_000) { score, features in
        for index in streams.indices { streams[index].note(score, features) }
      }
      for index in streams.indices { alarms[index] += streams[index].raised.count }
      windows += streams[0].monitor.report[.featureMean].windowCount
    }
    #expect(windows == 6 * (360 + 45))
    for (promise, count) in zip(promises, alarms) {
      #expect(count <= promise.bound, "\(count) alarms at \(promise.hours) h")
    }
  }

  /// 20,000 events a second in windows of 200,000, with a condition that goes up and down.
  @Test func decidedEventsForAHundredHours() throws {
    // The decided checks have 2.5 of 6 shares: at most 0.25 and 25 are expected in 6 x 100 h.
    let promises = [(hours: 1_000.0, bound: 5), (hours: 10.0, bound: 45)]
    var alarms = promises.map { _ in 0 }
    for seed in UInt64(1)...6 {
      var stream = try DecidedStream(seed: seed, points: ["loose=0.01", "tight=0.001"])
      defer { stream.deallocate() }
      var judges = promises.map { promise in
        var settings = DriftSettings()
        settings.falseAlarmHours = promise.hours
        return makeJudge(stream.calibration, settings)
      }
      let binning = ConditionBinning(around: 20...60)
      for window in 0..<36_000 {
        let phase = Float(window % 7_200) / 7_200
        stream.next(binning: binning, condition: 60 - 40 * phase) { counts in
          for index in judges.indices {
            let before = judges[index].report.checks.reduce(0) { $0 + $1.alarmCount }
            judges[index].add(counts, hours: 1 / 360)
            let after = judges[index].report.checks.reduce(0) { $0 + $1.alarmCount }
            alarms[index] += Int(after - before)
          }
        }
      }
      let expected = UInt64(36_000 + 4_500 + 562)
      #expect(judges[0].report[.flaggedRate].windowCount == expected)
      #expect(!judges[0].report.conditions.isEmpty)
    }
    for (promise, count) in zip(promises, alarms) {
      #expect(count <= promise.bound, "\(count) alarms at \(promise.hours) h")
    }
  }

  /// Features that real detectors have: mostly zero, heavy tails, rare, constant, whole numbers.
  @Test(arguments: UInt64(1)...4)
  func unpleasantFeaturesAreNoAlarm(seed: UInt64) throws {
    let calibration = try SyntheticBackground(seed: seed).calibration(
      eventCount: 50_000, change: Self.unpleasant)
    var stream = SampledStream(
      DriftMonitor(calibration: calibration, featureNames: nil, featureCount: 64))
    SyntheticBackground(seed: seed + 50).forEachEvent(0..<160_000, change: Self.unpleasant) {
      stream.note($0, $1)
    }
    #expect(stream.changes.isEmpty, "\(stream.changes.map(\.change.text))")
  }

  private static func unpleasant(_ event: Int, _ features: UnsafeMutableBufferPointer<Float>) {
    let values = Array(features)
    func exponential(_ z: Float, _ factor: Float) -> Float {
      // exp by repeated squaring of a short series: heavy enough, and the same everywhere.
      var x = 1 + z * factor / 1024
      for _ in 0..<10 { x *= x }
      return x
    }
    features[0] = 0
    features[1] = values[1] > 2.33 ? values[2] * values[2] : 0
    features[2] = exponential(values[2], 2)
    features[3] = values[3] / max(abs(values[4]), 1e-6)
    features[4] = values[4] > 3.7 ? 100 : 0
    features[5] = values[5].rounded()
    features[6] = exponential(values[6], 3.5)
    features[7] = values[7] > 0 ? 1 : 0
    features[8] = values[8] > 3 ? .nan : values[8]
    features[9] = values[9] > 4 ? -1e20 : values[9]
    features[10] = 7.25
  }
}
