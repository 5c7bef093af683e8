internal import ReproducibleMath

/// The reference physics: background from four correlated Gaussian processes, anomalies shifted
/// in twenty features.
///
/// The processes come from the process seed alone, so that samples for training, calibration
/// and test share one physics. Event i of a sample depends on (process seed, seed, i) alone:
/// any range can be made by any thread, in any order, with the same bits on every machine.
package struct ReferencePhysics: Sendable {
  /// QCD, W+jets, Z+jets, ttbar.
  package let processes: [GaussianProcess]
  /// D.
  package let featureCount: Int
  /// From which the processes are drawn.
  package let processSeed: UInt64

  /// Draws the processes of `processSeed`.
  package init(processSeed: UInt64, featureCount: Int = 64) {
    precondition(1...65_535 ~= featureCount, "\(featureCount) features")
    self.processSeed = processSeed
    self.featureCount = featureCount
    let shares = [("QCD", 0.6), ("W+jets", 0.15), ("Z+jets", 0.15), ("ttbar", 0.1)]
    processes = shares.enumerated().map { number, share in
      GaussianProcess(
        name: share.0, weight: share.1, number: number, processSeed: processSeed,
        featureCount: featureCount)
    }
  }

  /// `feature_00`, `feature_01`, ...: these features have no meaning to be named after.
  package var featureNames: [String] {
    let digitCount = max(2, String(featureCount - 1).count)
    return (0..<featureCount).map { feature in
      let digits = String(feature)
      return "feature_" + String(repeating: "0", count: digitCount - digits.count) + digits
    }
  }

  /// The number of the process that made background event `event` of the sample `seed`.
  package func process(ofEvent event: UInt64, seed: UInt64) -> Int {
    let place = SimulationStream.backgroundProcess.keyed(by: seed).uniform(at: event)
    var end = 0.0
    for (number, process) in processes.dropLast().enumerated() {
      end += process.weight
      if place < end { return number }
    }
    return processes.count - 1
  }
}
