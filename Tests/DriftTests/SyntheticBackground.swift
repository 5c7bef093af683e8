import Calibration
import Drift
import DurableFiles
import ReproducibleMath

/// Background events of Gaussian features whose score is the sum of their squares, and a
/// calibration made from them.
struct SyntheticBackground {
  let featureCount: Int
  let random: RandomStream

  init(featureCount: Int = 64, seed: UInt64) {
    self.featureCount = featureCount
    random = RandomStream(seed: seed, stream: 1)
  }

  /// Calls `body` with the features of event after event; `change` may spoil them first.
  func forEachEvent(
    _ events: Range<Int>, change: (Int, UnsafeMutableBufferPointer<Float>) -> Void = { _, _ in },
    _ body: (Float, UnsafeBufferPointer<Float>) -> Void
  ) {
    let chunk = 1_000
    var values = [Float](repeating: 0, count: chunk * featureCount)
    for start in stride(from: events.lowerBound, to: events.upperBound, by: chunk) {
      let count = min(chunk, events.upperBound - start)
      values.withUnsafeMutableBufferPointer { values in
        random.fillGaussians(
          UnsafeMutableBufferPointer(rebasing: values[..<(count * featureCount)]),
          start: UInt64(start * featureCount))
        for event in 0..<count {
          let row = UnsafeMutableBufferPointer(
            rebasing: values[event * featureCount..<(event + 1) * featureCount])
          change(start + event, row)
          body(Self.score(row), UnsafeBufferPointer(row))
        }
      }
    }
  }

  static func score(_ features: UnsafeMutableBufferPointer<Float>) -> Float {
    var sum: Float = 0
    for value in features { sum += value * value }
    return sum.isFinite ? sum : .nan
  }

  /// A calibration of events 0 ..< `eventCount`.
  func calibration(
    eventCount: Int, points: [String] = ["loose=0.01", "tight=0.001"],
    change: (Int, UnsafeMutableBufferPointer<Float>) -> Void = { _, _ in }
  ) throws -> TriggerCalibration {
    let plan = try CalibrationPlan(
      points.map { (text) throws(CalibrationError) in try WorkingPointRequest(parsing: text) })
    var accumulator = plan.accumulator(eventCountMax: eventCount)
    var histogram = ScoreHistogram()
    var summary = FeatureAccumulator(featureCount: featureCount, names: names)
    forEachEvent(0..<eventCount, change: change) { score, features in
      withUnsafePointer(to: score) {
        let one = UnsafeBufferPointer(start: $0, count: 1)
        accumulator.add(one)
        histogram.add(one)
      }
      summary.add(features)
    }
    return TriggerCalibration(
      modelSHA256: SHA256Digest(of: "model"), schema: 0, levels: [0], weights: [1],
      confidence: 0.95, eventCount: accumulator.scorableCount,
      notScorableCount: accumulator.notScorableCount, runs: [],
      workingPoints: try plan.workingPoints(from: accumulator),
      reference: DriftReference(scoreHistogram: histogram, features: summary.summary),
      created: "2026-11-23T20:00:00Z", program: "test")
  }

  var names: [String] { (0..<featureCount).map { "f\($0)" } }
}

/// The judge of a calibration, without the monitor around it.
func makeJudge(_ calibration: TriggerCalibration, _ settings: DriftSettings) -> DriftJudge {
  DriftJudge(
    DriftBasis(calibration, featureNames: nil, featureCount: 64, settings: settings))
}

/// A monitor that judges as soon as a window is full, at a stated rate of sampled events.
struct SampledStream {
  let monitor: DriftMonitor
  let eventsPerHour: Double
  private(set) var eventCount = 0
  private(set) var changes: [(event: Int, change: DriftChange)] = []

  init(_ monitor: DriftMonitor, eventsPerHour: Double = 7_200) {
    self.monitor = monitor
    self.eventsPerHour = eventsPerHour
  }

  mutating func note(_ score: Float, _ features: UnsafeBufferPointer<Float>) {
    monitor.noteSampled(score: score, features: features)
    eventCount += 1
    if eventCount.isMultiple(of: monitor.settings.sampledWindowEventCount) {
      for change in monitor.evaluate(atHours: Double(eventCount) / eventsPerHour) {
        changes.append((eventCount, change))
      }
    }
  }

  var raised: [(event: Int, change: DriftChange)] { changes.filter { $0.change.kind == .raised } }
}
