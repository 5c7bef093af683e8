import Calibration
import Drift
import DurableFiles
import ReproducibleMath

/// Windows of decided events whose scores follow a power law, P(score > t) = t^-6 for t > 1, drawn
/// from the sufficient counts alone: flagged events of nested working points are binomial.
struct DecidedStream {
  static let tailIndex = 6.0
  static let eventsPerHour = 72e6  // 20,000 a second
  let calibration: TriggerCalibration
  /// What a window's rate is multiplied by.
  var rateFactor: (_ condition: Float) -> Double = { _ in 1 }
  private var draws: BinomialDraws
  private var window = DecidedCounts()
  private(set) var windowCount = 0
  let eventCount: Int

  /// `thresholdFactor` spoils the thresholds after calibration.
  init(
    seed: UInt64, points: [String], calibrationEvents: Int = 100_000, thresholdFactor: Float = 1,
    windowEvents: Int = 200_000
  ) throws {
    draws = BinomialDraws(seed: seed, stream: 7)
    eventCount = windowEvents
    let plan = try CalibrationPlan(
      points.map { (text) throws(CalibrationError) in try WorkingPointRequest(parsing: text) })
    var accumulator = plan.accumulator(eventCountMax: calibrationEvents)
    let random = RandomStream(seed: seed, stream: 6)
    let scores = (0..<calibrationEvents).map {
      Float(portablePower(random.uniform(at: UInt64($0)), -1 / Self.tailIndex))
    }
    scores.withUnsafeBufferPointer { accumulator.add($0) }
    var made = TriggerCalibration(
      modelSHA256: SHA256Digest(of: "model"), schema: 0, levels: [0], weights: [1],
      confidence: 0.95, eventCount: calibrationEvents, notScorableCount: 0, runs: [],
      workingPoints: try plan.workingPoints(from: accumulator), reference: DriftReference(),
      created: "2026-11-23T20:00:00Z", program: "test")
    for point in made.workingPoints.indices {
      made.workingPoints[point].threshold *= thresholdFactor
    }
    calibration = made
  }

  /// Draws one window at one condition and lets `body` see it.
  mutating func next(
    binning: ConditionBinning, condition: Float = .nan, _ body: (DecidedCounts) -> Void
  ) {
    window.reset(binning: binning)
    window.eventCount = eventCount
    // Working points from loose to tight; each event above a tight threshold is above a loose one.
    let order = calibration.workingPoints.indices.sorted {
      calibration.workingPoints[$0].threshold < calibration.workingPoints[$1].threshold
    }
    var (left, rate) = (eventCount, 1.0)
    for point in order {
      let threshold = Double(calibration.workingPoints[point].threshold)
      let own = min(rateFactor(condition) * portablePower(threshold, -Self.tailIndex), 1)
      left = draws.draw(left, own / rate)
      rate = own
      window.flagged[point] = left
    }
    if let bin = binning.bin(of: condition) {
      window.conditionScored[bin] = UInt32(eventCount)
      for point in order {
        window.conditionFlagged[bin * DecidedCounts.pointCount + point] =
          UInt32(window.flagged[point])
      }
    }
    if condition.isFinite {
      window.conditionMin = condition
      window.conditionMax = condition
    }
    windowCount += 1
    body(window)
  }

  func deallocate() { window.deallocate() }
}
