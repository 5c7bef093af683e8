/// Calls `report` a few times a second at most, and at the end.
struct ProgressReport {
  private let stepCount: Int
  private let report: (TrainingProgress) -> Void
  private let clock = TrainingClock()
  private var nextSeconds = 0.25

  private static let intervalSeconds = 0.25

  init(stepCount: Int, _ report: @escaping (TrainingProgress) -> Void) {
    self.stepCount = stepCount
    self.report = report
  }

  mutating func note(step: Int, smoothedLoss: @autoclosure () -> Double) {
    let seconds = clock.wallSeconds
    guard seconds >= nextSeconds || step == stepCount else { return }
    nextSeconds = seconds + ProgressReport.intervalSeconds
    let rate = Double(step) / max(seconds, 1e-9)
    report(
      TrainingProgress(
        step: step, stepCount: stepCount, smoothedLoss: smoothedLoss(), stepsPerSecond: rate,
        secondsToGo: Double(stepCount - step) / rate))
  }
}
